"""What docs/few-shot.md shows is run, on tables that are made here."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from protran.cli.main import main
from protran.ledger.ledger import Ledger
from search_spaces.cost import count
from search_spaces.genes import genes_of
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

TEXT = (Path(__file__).parents[1] / "docs" / "few-shot.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S) for line in block.splitlines()]
ROWS = 20


def write_table(path: Path, factor: float) -> None:
    """Writes a device whose costs follow from the arithmetic."""
    candidates = sample(load_space("flexibert-v2"), ROWS, SamplingMethod.SOBOL, 5)
    macs = np.asarray(count(genes_of(candidates), BERT_INPUT).macs, dtype=np.float64)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["architecture", "latency_s", "energy_j"])
    for candidate, cost in zip(candidates, factor * macs, strict=True):
        writer.writerow([json.dumps(candidate.architecture.to_json()), 1e-12 * cost, 1e-10 * cost])
    path.write_bytes(gzip.compress(text.getvalue().encode()))


def test_the_page_has_every_command() -> None:
    assert [" ".join(shlex.split(command)[:3]) for command in COMMANDS] == [
        "protran ledger import",
        "protran ledger import",
        "protran ledger check",
        *["protran device calibrate"] * 3,
    ]


def test_the_commands_of_the_page_work_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_table(tmp_path / "gpu_a100_b128_r3.csv.gz", 1.0)
    write_table(tmp_path / "cpu_m1-pro_b32_r1.csv.gz", 20.0)
    out = []
    for command in COMMANDS:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
        out.append(capsys.readouterr().out)
    assert out[0].startswith(f"a100: {ROWS} rows imported into runs/ledger.sqlite")
    assert out[2] == "runs/ledger.sqlite is sound\n"
    (shown,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.M | re.S)
    assert shape_of(out[3]) == shape_of(shown)
    assert (tmp_path / "errors.png").is_file()
    assert "8 of 8 probes, 20 of 20 checks measured, 8 of them known before" in out[4]
    with Ledger.open("runs/ledger.sqlite", read_only=True) as ledger:
        begun_with = {candidate.key for candidate in sample(load_space("edge-small"), 16, SamplingMethod.SOBOL, 0)}
        probes = {row.request.candidate.key for row in ledger.measured_rows(100)["sim:rpi5:1"]}
    assert len(begun_with & probes) == 8


def shape_of(text: str) -> list[str]:
    """Returns what does not depend on the tables: the first line, and what the table's rows and columns are called."""
    first, *lines = [line.strip() for line in text.splitlines()]
    names = [line.split()[0] for line in lines if re.match(r"(latency_s|energy_j|peak_power_w|memory_bytes) ", line)]
    return [first, *(" ".join(line.split()) for line in lines[1:3]), *names]
