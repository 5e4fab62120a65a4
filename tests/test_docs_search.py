"""What docs/search.md shows is run, on invented devices and an invented trainer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from invented_dispatcher import InventedDispatcher

import protran.api
from protran.cli.main import main

TEXT = (Path(__file__).parents[1] / "docs" / "search.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S) for line in block.splitlines()]
STATUS = "protran status small --country DE --estimate-energy"


def test_the_page_has_every_command() -> None:
    assert [shlex.split(command)[1] for command in COMMANDS] == ["search", *["pareto"] * 4, "search", "search"]
    assert f"`{STATUS}`" in TEXT


def test_the_commands_of_the_page_work_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(protran.api, "open_dispatcher", lambda *_, **__: InventedDispatcher())
    out = []
    for command in [*COMMANDS, STATUS]:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
        out.append(capsys.readouterr().out)
    assert "latency on the worst device" in out[2]
    assert "mean latency of the devices" in out[3]
    assert "each budget is kept with a probability of 0.95" in " ".join(out[4].split())
    assert "int8" in out[6] or "-25%" in out[6] or "-50%" in out[6]
    assert "proposals" in out[-1]
