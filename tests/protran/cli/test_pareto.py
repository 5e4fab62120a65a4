from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from protran.cli.main import app
from protran.cli.pareto_csv import csv_rows

Run = Callable[..., Any]


def test_the_json_is_the_front(run: Run, api: Any) -> None:
    ran = run("pareto", "demo", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == api.document


def test_device_objectives_and_budgets_reach_the_campaign(run: Run, api: Any) -> None:
    run("pareto", "demo", "--device", "pi", "--objectives", "error, memory", "--budget", "a", "--budget", "b")
    assert api.asked == {
        "device": ("pi",),
        "objectives": ["error", "memory"],
        "budgets": ("a", "b"),
        "across": None,
        "confidence": None,
        "dominance": "mean",
        "prefer": None,
        "reference_point": None,
    }


def test_devices_and_objectives_may_be_repeated(run: Run, api: Any) -> None:
    run("pareto", "demo", "--device", "pi", "--device", "nano", "--objective", "error", "--objective", "latency@pi")
    assert (api.asked["device"], api.asked["objectives"]) == (("pi", "nano"), ["error", "latency@pi"])


def test_several_campaigns_a_rule_and_a_preference_reach_the_campaign(run: Run, api: Any) -> None:
    run("pareto", "demo", "again", "--dominance", "confident", "--prefer", "error=2,latency=1")
    asked = api.asked
    assert (asked["beside"], asked["dominance"], asked["prefer"]) == (("again",), "confident", "error=2,latency=1")
    run("pareto", "demo", "--reference-point", "error<=25%")
    assert api.asked["reference_point"] == "error<=25%"


def test_what_was_chosen_has_a_star_and_a_sentence(run: Run, api: Any) -> None:
    key = api.document["candidates"][1]["key"]
    api.document["chosen"] = {"key": key, "sentence": "the knee [of it]"}
    out = run("pareto", "demo").out
    assert f"*{key[:8]}" in out
    assert f"Chosen (*): {key[:8]}, the knee [of it]" in out


def test_whose_a_candidate_is_has_a_column_where_it_matters(run: Run, api: Any) -> None:
    assert "campaign" not in run("pareto", "demo").out
    api.document["candidates"][0]["campaigns"] = ["x", "y\x1b[31m"]
    out = run("pareto", "demo").out
    assert "x, y" in out and "\x1b[31m" not in out


def test_the_csv_tells_what_was_chosen_and_whose_it_is(run: Run, api: Any) -> None:
    first = api.document["candidates"][0]
    first["campaigns"] = ["x", "y"]
    api.document["chosen"] = {"key": first["key"]}
    rows = list(csv.DictReader(io.StringIO(run("pareto", "demo", "--csv").out)))
    assert [row["chosen"] for row in rows] == ["1", *["0"] * (len(rows) - 1)]
    assert rows[0]["campaigns"] == "x y"


def test_a_predicted_front_is_told_apart_in_the_csv(api: Any) -> None:
    document = {**api.document, "predicted": api.document}
    head, *rows = csv_rows(document)
    place = head.index("front")
    count = len(api.document["candidates"])
    assert [row[place] for row in rows] == ["measured"] * count + ["predicted"] * count


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--explain", "abcd", "--against", "x"], "--explain and --against exclude each other"),
        (["--sample", "5"], "--sample is of candidates to predict; give --predicted too"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run: Run, api: Any, options: list[str], told: str) -> None:
    ran = run("pareto", "demo", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err


def test_a_look_across_devices_and_a_confidence_reach_the_campaign(run: Run, api: Any) -> None:
    run("pareto", "demo", "--across", "worst", "--confidence", "0.95")
    assert (api.asked["across"], api.asked["confidence"]) == ("worst", 0.95)


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
