"""What docs/ledger.md shows is run, on a ledger that is made here; what a server's owner types begins with #."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.cli.main import main
from protran.ledger.ledger import Ledger
from search_spaces.presets import BERT_INPUT, preset

TEXT = (Path(__file__).parents[1] / "docs" / "ledger.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S)
    for line in block.splitlines()
    if not line.startswith("#")
]
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)


def test_the_commands_and_snippets_of_the_page_work_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Ledger.open("runs/ledger.sqlite") as ledger:
        ledger.put_device(DeviceInfo("board", "device-1", "ready"))
        request = ProfileRequest(preset("t1")[0], BERT_INPUT, Workload(), "device-1")
        values = {"latency_s": Value(0.01, 0.001, Provenance.MEASURED_COUNTER)}
        answer = Measurement(request.request_id, "device-1", MeasurementStatus.OK, values=values)
        ledger.record_measurement(request, answer)
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} >= {"tables", "tables-parquet"}
    capsys.readouterr()
    for snippet in SNIPPETS:
        exec(compile(snippet, "docs/ledger.md", "exec"), {})
    assert re.search(r"device-1\s+1\n", capsys.readouterr().out)


def test_the_page_names_every_table(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite") as ledger, ledger.flat_tables() as tables:
        assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M)) == {table.name for table in tables}
