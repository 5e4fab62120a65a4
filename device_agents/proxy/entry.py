"""The entry of the runner on a board: what the profiling runner answers, and facts about the board.

It runs on Python 3.10 and newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.runner import facts, profile

ABOUT_THE_BOARD = ("facts", "memory")


def warm_up() -> None:
    """Warms the profiling runner up."""
    profile.warm_up()


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers one question, asked as a JSON object; see the entries `profile` and `facts`.

    Raises:
        RequestError: neither of them knows this question.
    """
    if any(question in payload for question in ABOUT_THE_BOARD):
        return facts.handle(payload)
    return profile.handle(payload)
