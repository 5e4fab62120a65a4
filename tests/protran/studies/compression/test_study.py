"""The whole study on waves, killed in the middle; what is timed is timed by a stand-in."""

from __future__ import annotations

import csv
import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from protran.errors import InputError
from protran.studies.compression.request import FrontSource, StudyRequest
from protran.studies.compression.run import Runner
from protran.studies.compression.study import compression_study
from protran.studies.compression.variant import Variant
from protran.tasks.base import Task
from search_spaces.candidate import Architecture, HeadKind, Layer

TINY = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (16,)),) * 3)

TIMED = ("latency", "loop", "train_", "tuning")
WAIT_S = 120.0
PROGRAM = """
import sys
from protran.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def request_of(waves: Task, tmp_path: Path) -> StudyRequest:
    variants = frozenset({Variant.FP32, Variant.SPARSE_L1})
    return StudyRequest(waves, {"tiny": TINY}, tmp_path / "study", 2, 2, 1, 0, 1, ("study",), variants)


@pytest.fixture
def pretending(pretended):
    from protran.studies.compression.processes import Workers

    def make(plan, jobs, meter, observer):
        return Runner(plan, jobs, meter, observer, workers=lambda count: Workers([pretended()]))

    return make


def test_the_study_writes_its_table_and_both_pictures(request_of: StudyRequest, pretending) -> None:
    result = compression_study(request_of, run=pretending)
    assert sorted(path.name for path in result.files) == [
        "classes.png", "picture.png", "table.csv", "table.json", "table.md",
    ]  # fmt: skip
    assert all(path.stat().st_size for path in result.files)
    assert (result.front, result.comparisons) == (None, ())
    assert [row.names[2] for row in result.table.rows][:2] == ["fp32", "sparse-l1"]


def test_other_epochs_do_not_mix_with_rows_that_are_there(request_of: StudyRequest, pretending) -> None:
    compression_study(request_of, run=pretending)
    with pytest.raises(InputError, match="was begun with epochs '2', now it is '3'"):
        compression_study(dataclasses.replace(request_of, epochs=3), run=pretending)


def test_the_search_runs_before_the_study_and_what_it_found_is_compared(
    request_of: StudyRequest, pretending, monkeypatch: pytest.MonkeyPatch
) -> None:
    from protran.fidelity import Fidelity
    from protran.studies.compression import study
    from protran.studies.compression.front_members import FrontOfCampaign
    from protran.training.recipe import Recipe
    from search_spaces.candidate import Candidate

    done: list[str] = []
    found = FrontOfCampaign("search", (Candidate(TINY),), Recipe(), Fidelity(2))
    monkeypatch.setattr(study, "front_of_campaign", lambda *where: done.append("read") or found)
    source = FrontSource("search", request_of.folder, None, lambda: done.append("searched"), "effort demo")
    asked = dataclasses.replace(request_of, front=source)
    result = compression_study(asked, run=pretending)
    again = compression_study(asked, run=pretending)
    assert done == ["searched", "read"]
    assert result.front is not None
    assert again.table.to_csv() == result.table.to_csv()
    assert len(result.comparisons) == len(result.table.rows) - 1
    assert (request_of.folder / "front" / "table.md").is_file()
    assert "front 1: 3 layers 8" in result.table.to_markdown()


def _command(folder: Path, data: Path, model: Path) -> list[str]:
    options = "--repeats 2 --epochs 2 --timed 0 --jobs 2 --recipes study --no-search"
    options += " --variants fp32,pruned-tuned"
    where = ["--task", str(data), "--models", str(model), "--out", str(folder)]
    return [sys.executable, "-c", PROGRAM, "study", "compression", *options.split(), *where]


def _rows(path: Path) -> int:
    return max(0, path.read_text(encoding="utf-8").count("\n") - 1) if path.exists() else 0


def _killed_when(command: list[str], log: Path, rows: int) -> None:
    """Runs the program until a file has so many rows, and kills it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + WAIT_S
    while _rows(log) < rows and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, "the study ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()


def _figures(folder: Path) -> list[dict[str, str]]:
    with (folder / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: text for name, text in row.items() if not name.startswith(TIMED)} for row in rows]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_study_killed_while_it_trains_and_while_it_scores_ends_with_the_same_table(waves: Task, tmp_path) -> None:
    import json

    model = tmp_path / "tiny.json"
    model.write_text(json.dumps(TINY.to_json()), encoding="utf-8")
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = _command(killed, Path(waves.source), model)
    _killed_when(command, killed / "trainings.csv", 3)
    _killed_when(command, killed / "scores.csv", 4)
    before = {path.name: path.stat().st_mtime_ns for path in (killed / "weights").glob("*.safetensors")}
    for folder in (killed, whole):
        again = _command(folder, Path(waves.source), model)
        done = subprocess.run(again, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    after = {path.name: path.stat().st_mtime_ns for path in (killed / "weights").glob("*.safetensors")}
    assert _figures(killed) == _figures(whole)
    assert before == {name: after[name] for name in before}  # nothing was trained twice
    assert not [path for path in killed.rglob("*.partial") if path.parent.name != "weights"]
