"""What docs/report.md shows is run, on an invented campaign; a server is interrupted as soon as it serves."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from invented_campaign import run_invented

from protran.cli.main import main
from protran.serve import server

TEXT = (Path(__file__).parents[1] / "docs" / "report.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.M | re.S)
COMMANDS = [line for kind, block in BLOCKS if not kind for line in block.splitlines()]
PYTHON = [block for kind, block in BLOCKS if kind == "python"]


def test_the_commands_and_the_snippet_of_the_page_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve_forever(self: server.PageServer, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server.PageServer, "serve_forever", serve_forever)
    monkeypatch.setattr(server.PageServer, "server_bind", lambda self: None)
    monkeypatch.setattr(server.PageServer, "server_activate", lambda self: None)
    run_invented(tmp_path / "runs", "demo", jobs=20)
    ran = [shlex.split(command) for command in COMMANDS if command.startswith("protran ")]
    assert [words[1] for words in ran] == ["report"] * 2 + ["serve"] * 4
    for words in ran:
        assert main(words[1:]) == 0, capsys.readouterr().err
    assert (tmp_path / "demo.html").is_file()
    assert (tmp_path / "runs" / "demo" / "report.html").is_file()
    assert (tmp_path / "page-token").stat().st_mode & 0o077 == 0
    for snippet in PYTHON:
        exec(snippet, {})  # the page's own words
