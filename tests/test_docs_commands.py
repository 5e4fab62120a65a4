"""The commands that pages of docs/ show exist, with every option that they are shown with."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from protran.cli.main import main

PAGES = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
COMMANDS = [
    line
    for page in PAGES
    for language, block in re.findall(
        r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    if not language
    for line in block.splitlines()
    if line.startswith("protran ")
]
GROUPS = ("bench", "device", "fleet", "ledger", "space", "study", "task")


def test_there_are_commands_to_check():
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_a_command_exist(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    words = list(itertools.takewhile(lambda word: word != "--", shlex.split(command)[1:]))
    group = words[:2] if words[0] in GROUPS else words[:1]
    assert main([*group, "--help"]) == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []
