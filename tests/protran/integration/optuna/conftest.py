"""Campaigns on an invented device, ready to be exported."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

EFFORT = {
    "seed_candidates": 5,
    "learn_profiles": 2,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 1,
    "search_batch": 2,
    "verify_limit": 2,
    "verify_seeds": 2,
}

SPACE = {
    "name": "few-genes",
    "layers": [1, 2],
    "hidden": [8, 16, 32],
    "heads": [1, 2, 4],
    "head_kinds": ["sa_sdp", "c_5"],
    "stacks": [1],
    "feed_forward": [16, 32, 64],
}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the finished campaign `demo`: seven candidates with a score, two that were only profiled."""
    return runner(tmp_path_factory.mktemp("finished"))()


@pytest.fixture
def campaign(tmp_path: Path) -> Callable[..., Path]:
    """Runs a campaign, or goes on with it, and returns its folder; `jobs` limits how many jobs are answered."""
    return runner(tmp_path)


def runner(parent: Path) -> Callable[..., Path]:
    from invented_dispatcher import IDENTITY, InventedDispatcher

    from protran.campaign.campaign import Campaign
    from protran.campaign.charter import read_charter, write_charter
    from protran.campaign.problem import Device
    from protran.config import config_from_arguments
    from protran.ledger.ledger import Ledger

    class Enough(Exception):
        pass

    def run(runs: str = "runs", jobs: int = 10_000, spoil=None, **fields: object) -> Path:
        def limited(job, number: int) -> str | None:
            if number >= jobs:
                raise Enough
            return None if spoil is None else spoil(job, number)

        folder = parent / runs
        given = {"name": "demo", "space": SPACE, "task": "watch", "effort": EFFORT, "proposer": "random"}
        config = config_from_arguments(given | fields)
        with Ledger.open(folder / "ledger.sqlite") as ledger:
            known = {record.name: record for record in ledger.campaigns()}
            if config.name not in known:
                charter = write_charter(config, [Device("local", IDENTITY)])
                known[config.name] = ledger.create_campaign(config.name, charter, 0)
            record = known[config.name]
            workers = InventedDispatcher(limited)
            with contextlib.suppress(Enough):
                Campaign(read_charter(record.config), record, ledger, workers, lambda event: None).run()
        return folder

    return run
