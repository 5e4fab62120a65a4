"""What is seen of a study."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from protran.cli.study_progress import studying
from protran.studies.progress import StudyStep

STEP = StudyStep(3, 40, "t1 [int8]\x1b[31m", 75.0)


def shown(*steps, terminal):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, markup=False, highlight=False)
    with studying(console) as observe:
        for step in steps:
            observe(step)
    return stream.getvalue()


def test_without_a_terminal_each_piece_is_a_line():
    assert shown(STEP, terminal=False) == "3/40 t1 [int8]\\x1b[31m, 1:15 left\n"


def test_time_that_is_not_known_is_not_told():
    assert "estimating time left" in shown(StudyStep(0, 4, "t1", None), terminal=False)


@pytest.mark.parametrize("words", ["3/40", "1:15 left", "t1 (int8]"])
def test_a_terminal_shows_a_bar(words, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert words in shown(STEP, terminal=True)
