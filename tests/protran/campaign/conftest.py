"""Campaigns on an invented device and trainer (see tests/fakes/invented_dispatcher.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from protran.campaign.campaign import Campaign
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.events import CampaignEvent
from protran.campaign.problem import Device, Problem
from protran.config import config_from_arguments
from protran.front import Front
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord

EFFORT = {
    "seed_candidates": 6,
    "learn_profiles": 4,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 2,
    "search_batch": 2,
    "verify_limit": 3,
    "verify_seeds": 2,
}


class Bench:
    """A ledger in a folder, and campaigns on it."""

    def __init__(self, folder: Path) -> None:
        from invented_dispatcher import IDENTITY, InventedDispatcher

        self.Dispatcher = InventedDispatcher
        self._identity = IDENTITY
        self.folder = folder
        self.events: list[CampaignEvent] = []
        self.slept: list[float] = []

    def ledger(self) -> Ledger:
        return Ledger.open(self.folder / "ledger.sqlite")

    def begin(self, ledger: Ledger, name: str = "invented", **fields: object) -> tuple[Problem, CampaignRecord]:
        """Returns a campaign's problem and record; makes the campaign where there is none."""
        known = {record.name: record for record in ledger.campaigns()}
        if name not in known:
            # random proposals are quick; the tests that are about the gradients ask for them
            given = {"name": name, "space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}
            given |= fields
            charter = write_charter(config_from_arguments(given), [Device("local", self._identity)])
            known[name] = ledger.create_campaign(name, charter, 0)
        return read_charter(known[name].config), known[name]

    def run(self, dispatcher=None, name: str = "invented", *, observer=None, wait=None, **fields: object) -> Front:
        """Runs a campaign to its end, or as far as the dispatcher lets it."""
        with self.ledger() as ledger:
            problem, record = self.begin(ledger, name, **fields)
            workers = dispatcher or self.Dispatcher()
            told = observer or self.events.append
            return Campaign(problem, record, ledger, workers, told, wait=wait, sleep=self.slept.append).run()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
