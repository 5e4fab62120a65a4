from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from protran.cli.main import app

Run = Callable[..., Any]


def test_the_json_is_the_front(run: Run, api: Any) -> None:
    ran = run("pareto", "demo", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == api.document


def test_device_objectives_and_budgets_reach_the_campaign(run: Run, api: Any) -> None:
    run("pareto", "demo", "--device", "pi", "--objectives", "error, memory", "--budget", "a", "--budget", "b")
    assert api.asked == {
        "device": "pi",
        "objectives": ["error", "memory"],
        "budgets": ("a", "b"),
        "across": None,
        "confidence": None,
    }


def test_a_look_across_devices_and_a_confidence_reach_the_campaign(run: Run, api: Any) -> None:
    run("pareto", "demo", "--across", "worst", "--confidence", "0.95")
    assert (api.asked["across"], api.asked["confidence"]) == ("worst", 0.95)


def test_another_way_across_devices_is_refused(run: Run, api: Any) -> None:
    ran = run("pareto", "demo", "--across", "median")
    assert (ran.code, ran.out) == (2, "")
    assert "--across must be worst or mean; got 'median'" in ran.err


def test_the_table_speaks_of_the_front_and_its_budgets(run: Run, api: Any, front_document: Any) -> None:
    api.document = front_document(3, budgets=["latency<=3ms"])
    ran = run("pareto", "demo")
    assert "Front of demo under latency<=3ms: 3 candidates" in ran.out
    assert "measured-counter" in ran.out


def test_one_candidate_is_not_called_candidates(run: Run, api: Any, front_document: Any) -> None:
    api.document = front_document(1)
    assert "Front of demo: 1 candidate\n" in run("pareto", "demo").out


def test_the_help_says_that_a_budget_replaces_the_campaigns_own(run: Run) -> None:
    told = " ".join(CliRunner().invoke(app, ["pareto", "--help"], env={"COLUMNS": "400"}).output.split())
    assert "instead of the campaign's own on the same quantity and device" in told
    assert "that one may be looser" in told


def test_the_csv_has_a_row_for_each_candidate_and_si_values(run: Run, api: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(run("pareto", "demo", "--csv").out)))
    assert len(rows) == len(api.document["candidates"])
    assert float(rows[0]["latency_s"]) == api.document["candidates"][0]["values"]["latency_s"]["value"]
    assert rows[0]["latency_s_provenance"] == "measured-counter"
    assert json.loads(rows[0]["architecture"]) == api.document["candidates"][0]["architecture"]


def test_a_picture_is_drawn_on_request(run: Run, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "front.png"
    assert run("pareto", "demo", "--plot", str(path)).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_an_empty_front_is_no_failure_and_shows_the_nearest_misses(run: Run, api: Any, front_document: Any) -> None:
    misses = [{**candidate, "excess": {"latency<=1 us": 9.0}} for candidate in front_document(2)["candidates"]]
    api.document = {**front_document(0, budgets=["latency<=1us"]), "nearest_misses": misses, "notes": ["look [here]"]}
    ran = run("pareto", "demo")
    assert ran.code == 0
    assert "No candidate meets latency<=1us." in ran.out
    assert "is over the limit of latency<=1 us by 900 %" in ran.out
    assert "note: look [here]" in ran.out


def test_a_campaign_that_is_absent_is_one_sentence(run: Run, api: Any) -> None:
    ran = run("pareto", "nothing")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "no campaign 'nothing'" in ran.err


def test_csv_and_json_exclude_each_other(run: Run, api: Any) -> None:
    ran = run("pareto", "demo", "--csv", "--json")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_a_picture_of_an_unknown_kind_is_one_sentence(run: Run, api: Any, tmp_path: Path) -> None:
    ran = run("pareto", "demo", "--plot", str(tmp_path / "front.xlsx"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
