from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import Stage

Run = Callable[..., Any]

STATUS = {
    "name": "demo",
    "phase": "search",
    "space": "edge-small",
    "task": "watch",
    "devices": ["local"],
    "objectives": ["error", "latency_s"],
    "budgets": [],
    "seed": 0,
    "profiles": {"answered": 20, "pending": 1, "failed": 2},
    "trainings": {"answered": 9, "pending": 0, "failed": 0},
    "created_at": "2026-11-01T10:00:00+00:00",
    "updated_at": "2026-11-01T10:05:00+00:00",
}


def test_the_status_is_told_in_words(run: Run, api: Any) -> None:
    api.statuses = [STATUS]
    ran = run("status", "demo")
    assert ran.code == 0
    assert "search" in ran.out
    assert "20 answered, 1 pending, 2 failed" in ran.out


def test_the_status_is_one_json_object(run: Run, api: Any) -> None:
    api.statuses = [STATUS]
    assert json.loads(run("status", "demo", "--json").out) == STATUS


def test_the_status_of_an_absent_campaign_is_one_sentence(run: Run, api: Any) -> None:
    ran = run("status", "nothing")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


USAGE = CampaignUsage({Stage.TRAINING: StageUsage((JobUsage("", 12.0, 10.0, 10.0),)), Stage.INFERENCE: StageUsage()})


def test_with_a_grid_the_status_says_what_the_campaign_emitted(run: Run, api: Any) -> None:
    api.statuses, api.usage = [STATUS], USAGE
    told = run("status", "demo", "--grid-intensity", "3600", "--estimate-energy").out
    assert "8 mg to 238 mg, estimated-generic" in told
    assert "20 answered, 1 pending, 2 failed" in told
    document = json.loads(run("status", "demo", "--country", "DE", "--pue", "1.5", "--json").out)
    footprint = document.pop("footprint")
    assert document == STATUS
    assert (footprint["carbon"]["intensity"]["place"], footprint["carbon"]["pue"]) == ("Germany", 1.5)
    assert footprint["stages"]["training"]["energy"]["provenance"] == "unavailable"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--country", "DE", "--grid-intensity", "30"), "got both"),
        (("--pue", "1.2"), "--pue needs a grid"),
        (("--estimate-energy", "--memory-term"), "the ledger has none; leave the term out"),
    ],
)
def test_a_footprint_that_cannot_be_told_is_one_sentence(
    run: Run, api: Any, options: tuple[str, ...], sentence: str
) -> None:
    api.statuses, api.usage = [STATUS], USAGE
    ran = run("status", "demo", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert sentence in ran.err


def test_campaigns_are_listed(run: Run, api: Any) -> None:
    api.statuses = [STATUS, {**STATUS, "name": "[red]other\x1b[2J"}]
    ran = run("list", "--runs", "here")
    assert api.asked == {"runs": Path("here")}
    assert "demo" in ran.out
    assert "20 (1 pending, 2 failed)" in ran.out
    assert "2026-11-01 10:05" in ran.out
    assert "[red]other\\x1b[2J" in ran.out
    assert "\x1b" not in ran.out
    assert json.loads(run("list", "--json").out)["campaigns"] == api.statuses


def test_a_folder_without_campaigns_says_how_to_start_one(run: Run, api: Any) -> None:
    assert "protran search" in run("list").out
    assert json.loads(run("list", "--json").out) == {"campaigns": []}
