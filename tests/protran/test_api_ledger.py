"""Campaigns whose ledger is somewhere else than in their folder: in another file, and on a server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import protran
import protran.api
from protran.errors import CampaignBusyError, UnknownCampaignError
from protran.ledger.ledger import Ledger

EFFORT = {"seed_candidates": 5, "learn_profiles": 0, "search_rounds": 1, "search_batch": 2, "verify_limit": 3}
FIELDS = {"name": "x", "space": "edge-small", "task": "watch", "effort": EFFORT, "proposer": "random"}


@pytest.fixture(autouse=True)
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives every campaign an invented dispatcher."""
    from invented_dispatcher import InventedDispatcher

    monkeypatch.setattr(protran.api, "open_dispatcher", lambda *_, **__: InventedDispatcher())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A ledger outside the folder of the campaigns."""
    if request.param == "sqlite":
        return str(tmp_path / "elsewhere" / "shared.sqlite")
    url: str = request.getfixturevalue("postgres_server").new_url()
    return url


def rows_of(ledger: Ledger, name: str) -> list[str]:
    rows = ledger.rows(ledger.campaign(name).id)
    return [row.measurement.request_id if row.measurement else row.evaluation.training_key for row in rows if row]


def test_a_campaign_leaves_its_rows_there_and_its_files_in_the_folder(shared: str, tmp_path: Path) -> None:
    result = protran.start_campaign(**FIELDS, runs=tmp_path / "runs", ledger=shared)
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["x"]
    assert json.loads((result.folder / "front.json").read_text()) == json.loads(json.dumps(result.front.to_json()))
    campaign = protran.open_campaign("x", runs=tmp_path / "runs", ledger=shared)
    assert campaign.front() == result.front
    assert [status.name for status in protran.list_campaigns(tmp_path / "runs", shared)] == ["x"]
    with pytest.raises(UnknownCampaignError, match="holds no ledger; start one"):
        protran.open_campaign("x", runs=tmp_path / "runs")


def test_a_finished_campaign_is_answered_from_there(shared: str, tmp_path: Path) -> None:
    first = protran.start_campaign(**FIELDS, runs=tmp_path, ledger=shared)
    assert protran.start_campaign(**FIELDS, runs=tmp_path, ledger=shared) == first


def test_the_environment_names_the_ledger(shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTRAN_LEDGER", shared)
    protran.start_campaign(**FIELDS, runs=tmp_path)
    assert [status.name for status in protran.list_campaigns(tmp_path)] == ["x"]
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_ledger_without_tables_has_no_campaigns(shared: str, tmp_path: Path) -> None:
    assert protran.list_campaigns(tmp_path, shared) == []
    with pytest.raises(UnknownCampaignError, match="there is no campaign 'x'"):
        protran.open_campaign("x", runs=tmp_path, ledger=shared)


def test_a_campaign_can_be_solved_again_from_there(shared: str, tmp_path: Path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path, ledger=shared)
    again = protran.start_campaign(name="y", origin="x", objectives=["error", "latency"], runs=tmp_path, ledger=shared)
    assert again.front.candidates


def test_one_that_runs_elsewhere_is_refused_by_name(shared: str, tmp_path: Path) -> None:
    protran.start_campaign(**FIELDS, runs=tmp_path, ledger=shared)
    busy = pytest.raises(CampaignBusyError, match="campaign 'x' is running already")
    with Ledger.open(shared) as ledger, ledger.lock(ledger.campaign("x")), busy:
        protran.start_campaign(**FIELDS, runs=tmp_path / "other", ledger=shared)


CAMPAIGN = """
import json, sys, time
import protran, protran.api
from invented_dispatcher import InventedDispatcher

def open_invented(*arguments, **options):
    return InventedDispatcher(lambda job, number: time.sleep(0.02))

protran.api.open_dispatcher = open_invented
fields = json.loads(sys.argv[1])
front = protran.start_campaign(**fields, runs=sys.argv[2], ledger=sys.argv[3]).front
print(len(front.candidates))
"""


def start(name: str, seed: int, folder: Path, ledger: str) -> subprocess.Popen[str]:
    fields = {**FIELDS, "name": name, "seed": seed, "reuse": "device"}
    command = [sys.executable, "-c", CAMPAIGN, json.dumps(fields), str(folder), ledger]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.postgres
def test_of_two_campaigns_at_once_one_is_killed_and_nothing_is_lost(postgres_server: Any, tmp_path: Path) -> None:
    shared = postgres_server.new_url()
    with Ledger.open(shared) as ledger:
        with start("first", 1, tmp_path, shared) as first, start("second", 2, tmp_path, shared) as second:
            while (
                "second" not in {campaign.name for campaign in ledger.campaigns()} or len(rows_of(ledger, "second")) < 3
            ):
                assert second.poll() is None
                time.sleep(0.01)
            confirmed = rows_of(ledger, "second")
            second.kill()
            second.wait()
            assert ledger.campaign("second").phase != "done"
            assert int(first.communicate(timeout=120)[0]) > 0
        assert rows_of(ledger, "second")[: len(confirmed)] == confirmed
        with start("second", 2, tmp_path, shared) as resumed:
            assert int(resumed.communicate(timeout=120)[0]) > 0
        for name in ("first", "second"):
            rows, campaign = rows_of(ledger, name), ledger.campaign(name)
            assert campaign.phase == "done"
            assert len(set(rows)) == len(rows)
            assert ledger.pending_profiles(campaign.id) == []
            assert ledger.pending_trainings(campaign.id) == []
        assert rows_of(ledger, "second")[: len(confirmed)] == confirmed
        assert ledger.check() == []


@pytest.mark.postgres
def test_a_password_is_in_nothing_that_a_campaign_says_or_leaves(tmp_path: Path, postgres_server: Any) -> None:
    postgres_server.execute("CREATE SCHEMA IF NOT EXISTS locked AUTHORIZATION locked")
    url = postgres_server.url(user="locked", password=postgres_server.password)
    said: list[object] = []
    result = protran.start_campaign(**FIELDS, runs=tmp_path, ledger=url, observer=said.append)
    with Ledger.open(url, read_only=True) as ledger:
        recorded = f"{ledger.campaigns()} {[ledger.steps(campaign.id) for campaign in ledger.campaigns()]}"
    written = " ".join(path.read_text() for path in result.folder.glob("*.json"))
    assert not any(postgres_server.password in text for text in (recorded, written, str(said), repr(result)))
