"""What docs/compression.md shows is read, run and compared with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from protran.cli.model_file import read_model
from protran.report.architecture_line import candidate_line
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.deployment import RUNS, Precision
from search_spaces.input_spec import InputKind, InputSpec

TEXT = (Path(__file__).parents[1] / "docs" / "compression.md").read_text(encoding="utf-8")


def block(language):
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture
def candidate(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(block("json"), encoding="utf-8")
    return read_model(path).candidate


def test_the_json_of_the_page_is_the_candidate_of_the_line_below_it(candidate):
    assert candidate_line(candidate) == block("text").strip()


def test_every_default_that_the_page_names_may_be_left_out(candidate):
    written = json.loads(block("json"))
    assert written["deployment"].pop("threads") == 1
    assert candidate.to_json() == written


def test_the_table_says_which_runtimes_run_a_precision():
    rows = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", TEXT, flags=re.MULTILINE))
    expected = {
        precision.value: ", ".join(runtime.value for runtime, runs in RUNS.items() if precision in runs)
        for precision in Precision
    }
    assert rows == expected


def test_the_python_of_the_page_runs(candidate, capsys):
    spec = InputSpec(InputKind.WINDOWS, length=60, classes=4, channels=3, patch=5)
    names = {"candidate": candidate, "input_spec": spec}
    exec(compile(block("python"), "compression.md", "exec"), names)
    left, whole = map(int, capsys.readouterr().out.split(" of "))
    assert whole == count_candidate(Candidate(candidate.architecture), spec).parameters
    assert left == count_candidate(candidate, spec).parameters < whole
    layers = [module.weight for module in names["zeroed"].layers.modules() if hasattr(module, "in_features")]
    zeros, numbers = sum(int((weight == 0).sum()) for weight in layers), sum(weight.numel() for weight in layers)
    assert zeros / numbers == pytest.approx(0.5, abs=1e-3)
