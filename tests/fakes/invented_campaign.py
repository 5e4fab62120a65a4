"""Whole campaigns on an invented device and trainer, in a folder, to look at; and one whose every name is hostile."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from invented_dispatcher import IDENTITY, InventedDispatcher

from device_agents.device import DeviceInfo
from device_agents.fleet.base import Job, JobResult
from protran.campaign.campaign import Campaign
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.problem import Device
from protran.config import config_from_arguments
from protran.ledger.ledger import Ledger

EFFORT = {
    "seed_candidates": 8,
    "learn_profiles": 4,
    "learn_batch": 2,
    "target_error": 1e-6,
    "search_rounds": 2,
    "search_batch": 3,
    "verify_limit": 5,
    "verify_seeds": 2,
}
HOSTILE = (
    "../../x\"'<script>window.stolen=1</script><img src=x onerror=window.stolen=1>--><!--]]>{{7*7}}&amp;"
    "\u2028\u2029\u202e\N{ROCKET}\x1b[31m"
)
LONG = HOSTILE + "y" * 10_000


class Enough(BaseException):
    """Ends a campaign where a test wants to look at it."""


class RememberingDispatcher(InventedDispatcher):
    """Also tells how each training went, epoch by epoch."""

    def next_result(self, timeout_s: float) -> JobResult | None:
        told = super().next_result(timeout_s)
        if told is None or told.result is None:
            return told
        refit = bool(told.result["fidelity"].get("refit"))
        details = {"history": _history(refit), "best_epoch": 4}
        return dataclasses.replace(told, result={**told.result, "details": details})


def run_invented(folder: Path, name: str = "invented", *, jobs: int | None = None, **fields: object) -> Path:
    """Runs a campaign to its end, or until so many jobs were answered; returns the ledger's file."""
    path = folder / "ledger.sqlite"
    given = {"name": name, "space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random", **fields}
    with Ledger.open(path) as ledger:
        charter = write_charter(config_from_arguments(given), [Device("local", IDENTITY)])
        record = ledger.create_campaign(name, charter, 0)
        ledger.put_device(DeviceInfo("local", IDENTITY, "ready", {"cores": 2, "processor": "invented"}))
        campaign = Campaign(
            read_charter(charter), record, ledger, RememberingDispatcher(_until(jobs)), lambda event: None, sleep=print
        )
        with contextlib.suppress(Enough):
            campaign.run()
    return path


def make_hostile(folder: Path) -> Path:
    """Runs a campaign and then gives everything in it that has a name a hostile one; returns the ledger's file."""
    path = run_invented(folder, "plain")
    with sqlite3.connect(path) as connection:
        (text,) = connection.execute("select config from campaigns where name = 'plain'").fetchone()
        charter = json.loads(text)
        charter["space"] |= {"name": HOSTILE, "description": LONG}
        charter |= {"task_name": LONG}
        connection.execute("update campaigns set name = ?, config = ?", (LONG, json.dumps(charter)))
        facts = {"processor": HOSTILE, "operating_system": HOSTILE, "runtimes": {HOSTILE: HOSTILE}}
        connection.execute("update devices set name = ?, facts = ?", (HOSTILE, json.dumps(facts)))
        rows = connection.execute("select request_id, payload from measurements order by request_id").fetchall()
        changes = [{"flags": [HOSTILE], "meter": HOSTILE}] * 3 + [{"status": "failed", "reason": LONG}]
        for (request_id, payload), change in zip(rows, changes, strict=False):
            told = {**json.loads(payload), **change}
            connection.execute(
                "update measurements set payload = ?, status = ? where request_id = ?",
                (json.dumps(told), told["status"], request_id),
            )
    return path


def _until(jobs: int | None) -> Callable[[Job, int], str | None]:
    def spoil(job: Job, answered: int) -> str | None:
        if jobs is not None and answered >= jobs:
            raise Enough
        return None

    return spoil


def _history(refit: bool) -> list[dict[str, object]]:
    return [
        {
            "epoch": epoch,
            "train_loss": 2.0 / epoch,
            "validation_loss": None if refit else 1.5 / epoch,
            "validation_accuracy": None if refit else 1 - 0.5 / epoch,
            "elapsed_s": 0.1 * epoch,
        }
        for epoch in range(1, 5)
    ]
