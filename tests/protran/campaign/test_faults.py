"""A campaign of 201 profiles on three devices, in which thirty things go wrong: every profile is there, and once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faulty_dispatcher import ControllerKilled, Fault, Faults, FaultyDispatcher
from invented_dispatcher import InventedDispatcher

import protran
import protran.api
from device_agents.fleet.simulating import SimulatingDispatcher
from device_agents.simulated import SimulatedAgent
from protran.campaign.phase import Phase
from protran.errors import CampaignError
from protran.ledger.ledger import Ledger
from protran.names import LEDGER_FILE

DEVICES = ["sim:rpi4", "sim:jetson-nano", "sim:a100"]
EFFORT = {
    "seed_candidates": 40,
    "learn_profiles": 16,
    "learn_batch": 8,
    "target_error": 1e-6,
    "search_rounds": 2,
    "search_batch": 4,
    "verify_limit": 3,
    "verify_seeds": 2,
}
FIELDS = {
    "name": "faulty",
    "space": "edge-small",
    "task": "watch",
    "devices": DEVICES,
    "objectives": ["error", "latency_s@sim:rpi4", "parameters"],
    "effort": EFFORT,
    "proposer": "random",
}
PROFILES = 3 * (40 + 16 + 2 * 4 + 3)
OF_EACH = 6
MOST_STARTS = 2 * OF_EACH + 1


@pytest.fixture
def run(monkeypatch):
    """Returns a function that runs the campaign of a folder to its end, as often as it has to be started for that."""

    def run_to_end(runs: Path, faults: Faults) -> tuple[protran.CampaignResult, int]:
        def opened(kind: str, devices: list[str], **_: Any) -> FaultyDispatcher:
            agents = [SimulatedAgent(name) for name in devices]
            return FaultyDispatcher(SimulatingDispatcher(InventedDispatcher(), agents, shows_inner=False), faults)

        monkeypatch.setattr(protran.api, "open_dispatcher", opened)
        monkeypatch.setattr(protran.api, "write_results", lambda *_, **__: None)  # pictures take time
        for starts in range(1, MOST_STARTS + 1):
            try:
                return protran.start_campaign(**FIELDS, runs=runs), starts
            except ControllerKilled:
                continue
            except CampaignError as error:
                if "has been away" not in str(error):
                    raise
        raise AssertionError(f"not done after {MOST_STARTS} starts")

    return run_to_end


def _counts(runs: Path) -> dict[str, int]:
    """Returns what the database holds, read without the program that wrote it."""
    with closing(sqlite3.connect(runs / LEDGER_FILE)) as database:

        def number(query: str) -> int:
            (found,) = database.execute(query).fetchone()
            return int(found)

        profiles = "requests WHERE kind = 'profile'"
        return {
            "asked": number(f"SELECT count(*) FROM {profiles}"),
            "asked as a repeat of another": number(f"SELECT count(*) FROM {profiles} AND repeat > 1"),
            "subjects": number(f"SELECT count(*) FROM (SELECT DISTINCT subject, repeat FROM {profiles})"),
            "answered": number("SELECT count(*) FROM measurements"),
            "ok": number("SELECT count(*) FROM measurements WHERE status = 'ok'"),
            "seen": number("SELECT count(*) FROM campaign_rows JOIN measurements USING (request_id)"),
        }


def _answers(runs: Path) -> dict[str, Any]:
    """Returns every answer by its id, without the times at which it came."""
    with Ledger.open(runs / LEDGER_FILE, read_only=True) as ledger:
        rows = ledger.rows(ledger.campaign("faulty").id)
    found = Counter(row.measurement.request_id if row.measurement else row.evaluation.training_key for row in rows)
    assert set(found.values()) == {1}, f"seen more than once: {[key for key, times in found.items() if times > 1]}"
    return {
        **{row.measurement.request_id: row.measurement.values for row in rows if row.measurement},
        **{row.evaluation.training_key: row.evaluation.metrics for row in rows if row.evaluation},
    }


@pytest.mark.slow
def test_of_201_profiles_with_30_faults_each_is_accounted_for_once_and_the_result_is_the_same(run, tmp_path) -> None:
    quiet, _ = run(tmp_path / "quiet", Faults(of_each=0, answers=PROFILES, seed=0))
    faults = Faults(OF_EACH, answers=PROFILES, seed=20261126)
    result, starts = run(tmp_path / "faulty", faults)
    counts = _counts(tmp_path / "faulty")
    told = f"{counts} after {starts} starts with {dict(faults.happened)}"
    assert faults.happened == dict.fromkeys(Fault, OF_EACH), told
    assert 1 + OF_EACH <= starts <= MOST_STARTS, told
    once = dict.fromkeys(("asked", "subjects", "answered", "ok", "seen"), PROFILES)
    assert counts == {**once, "asked as a repeat of another": 0}, told
    assert _answers(tmp_path / "faulty") == _answers(tmp_path / "quiet"), told
    assert result.front == quiet.front
    with Ledger.open(tmp_path / "faulty" / LEDGER_FILE, read_only=True) as ledger:
        record = ledger.campaign("faulty")
        steps = ledger.steps(record.id)
    assert record.phase == Phase.DONE.value
    assert len(DEVICES) * sum(len(step.proposals) for step in steps) == PROFILES, told
