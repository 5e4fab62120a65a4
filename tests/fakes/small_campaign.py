"""A small campaign of the Python face, on an invented device and an invented trainer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from invented_dispatcher import InventedDispatcher

import protran.api
from device_agents.fleet.base import Job

EFFORT = {"seed_candidates": 5, "learn_profiles": 0, "search_rounds": 1, "search_batch": 2, "verify_limit": 3}
FIELDS = {"space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}


class SmallCampaign:
    """A folder of campaigns; `asked` holds the jobs that were answered since, `spoil` may make them fail."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.asked: list[Job] = []
        self.spoil: Callable[[Job, int], str | None] = lambda job, answered: None

    @classmethod
    def on(cls, runs: Path, patch: pytest.MonkeyPatch) -> SmallCampaign:
        """Returns the campaigns of a folder; their work is invented, and no pictures are drawn, which take a second."""
        made = cls(runs)
        patch.setattr(protran.api, "open_dispatcher", made._open)
        patch.setattr(protran.api, "write_results", lambda *_, **__: None)
        return made

    @classmethod
    def run(cls, runs: Path, patch: pytest.MonkeyPatch, name: str = "x", **fields: object) -> SmallCampaign:
        """Runs one to its end."""
        made = cls.on(runs, patch)
        protran.start_campaign(name=name, **{**FIELDS, **fields}, runs=runs)
        made.asked.clear()
        return made

    def _open(self, *_: object, **__: object) -> InventedDispatcher:
        def note(job: Job, answered: int) -> str | None:
            failure = self.spoil(job, answered)  # may raise: then the job was never answered
            self.asked.append(job)
            return failure

        return InventedDispatcher(note)
