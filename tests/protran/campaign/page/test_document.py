from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from invented_campaign import HOSTILE, LONG, make_hostile, run_invented

from protran.campaign.page.document import PageOptions, page_document
from protran.campaign.view import CampaignView
from protran.errors import UnknownCampaignError
from protran.ledger.ledger import Ledger
from protran.ledger.place import place_of
from protran.report.page.embedding import embedded_json
from protran.report.page.schema import SCHEMA, VERSION

PARTS = {
    "schema", "version", "made_at", "protran", "campaign", "devices", "candidates", "views", "hypervolume",
    "learning_curves", "calibration", "power", "quality", "carbon", "reproduce", "words", "missing",
}  # fmt: skip
QUICK = PageOptions(calibrate=False)


def document_of(path: Path, name: str = "invented", options: PageOptions = QUICK) -> dict[str, Any]:
    with Ledger.open(path, read_only=True) as ledger:
        return page_document(ledger, name, options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_invented(tmp_path_factory.mktemp("finished"), budgets=["latency<=1s"])


@pytest.fixture(scope="module")
def document(finished: Path) -> dict[str, Any]:
    return document_of(finished)


def test_a_document_has_every_part_and_its_version(document: dict[str, Any]) -> None:
    assert set(document) == PARTS
    assert (document["schema"], document["version"]) == (SCHEMA, VERSION)
    assert json.loads(embedded_json(document)) == document


def test_the_front_of_the_verified_view_is_the_campaigns_own(finished: Path, document: dict[str, Any]) -> None:
    front = CampaignView("invented", place_of(finished)).front().to_json()
    view = document["views"][0]
    shown = [document["candidates"][view["members"][place]]["key"] for place in view["front"]]
    assert view["id"] == "verified"
    assert shown == [candidate["key"] for candidate in front["candidates"]]
    columns = {column["name"]: column for column in view["columns"]}
    for place, candidate in zip(view["front"], front["candidates"], strict=True):
        for name, value in candidate["values"].items():
            if value["value"] is not None:
                assert columns[name]["values"][place] == value["value"]
                assert columns[name]["provenance"] == value["provenance"]


def test_the_other_view_holds_all_by_short_trainings(document: dict[str, Any]) -> None:
    verified, short = document["views"]
    assert short["id"] == "short"
    assert len(short["members"]) > len(verified["members"])


def test_what_a_campaign_cannot_show_is_said(document: dict[str, Any]) -> None:
    assert set(document["missing"]) == {"calibration", "power"}
    assert document["missing"]["calibration"] == "Left out on request."


def test_curves_hypervolume_and_quality_are_those_of_the_rows(document: dict[str, Any]) -> None:
    curves = document["learning_curves"]["curves"]
    assert {curve["kind"] for curve in curves} == {"short", "full", "refit"}
    assert document["hypervolume"]["evaluations"][-1] == len(document["views"][1]["members"])
    assert document["quality"]["devices"][0]["measurements"] == document["campaign"]["profiles"]["answered"]


def test_the_budget_reaches_the_page_in_si_units(document: dict[str, Any]) -> None:
    assert [(limit["name"], limit["limit"], limit["unit"]) for limit in document["campaign"]["limits"]] == [
        ("latency_s", 1.0, "s")
    ]


@pytest.mark.parametrize("jobs", [0, 3, 14, 30])
def test_an_unfinished_campaign_has_a_document_too(tmp_path: Path, jobs: int) -> None:
    found = document_of(run_invented(tmp_path, jobs=jobs), options=PageOptions())
    assert set(found) == PARTS
    assert not found["campaign"]["done"]
    assert "when the campaign is complete" in found["missing"]["calibration"]
    assert all(view["id"] == "short" for view in found["views"])
    assert ("views" in found["missing"]) == (not found["views"])


def test_several_devices_have_columns_of_their_own(tmp_path: Path) -> None:
    path = run_invented(tmp_path, jobs=30, objectives=["error", "memory"])
    names = [column["name"] for column in document_of(path)["views"][0]["columns"]]
    assert names[:2] == ["error", "memory_bytes"]
    assert "latency_s" in names


def test_an_unknown_campaign_is_refused(finished: Path) -> None:
    with pytest.raises(UnknownCampaignError):
        document_of(finished, "other")


def test_hostile_names_stay_text_and_the_document_reads_back(tmp_path: Path) -> None:
    found = document_of(make_hostile(tmp_path), LONG)
    assert found["campaign"]["name"] == LONG
    assert found["campaign"]["space"] == HOSTILE
    assert found["quality"]["flags"] == [{"flag": HOSTILE, "words": ""}]
    assert found["quality"]["remarkable"][-1]["reason"] in (LONG, "")
    assert json.loads(embedded_json(found)) == found
