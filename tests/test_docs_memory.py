"""What docs/memory.md shows is what its command prints."""

from __future__ import annotations

import re
from pathlib import Path

from protran.cli.main import main

TEXT = (Path(__file__).parents[1] / "docs" / "memory.md").read_text(encoding="utf-8")


def test_the_output_of_the_page_is_that_of_its_second_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    (commands,) = re.findall(r"^```\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```text\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    _, second = commands.splitlines()
    assert main(second.split()[1:]) == 0
    *printed, drawn = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert printed == shown.splitlines()
    assert drawn == "drawn: memory.png"
    assert (tmp_path / "memory.png").is_file()
