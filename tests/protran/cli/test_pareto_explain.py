"""The whole way from the command to the ledger, on invented campaigns: what is printed, as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from finished_pair import folder_of_pair

Run = Callable[..., Any]


@pytest.fixture
def pareto(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = str(folder_of_pair(tmp_path_factory))
    return lambda *arguments: run("pareto", *arguments, "--runs", folder)


@pytest.fixture
def key(pareto: Run) -> str:
    return str(json.loads(pareto("first", "--json").out)["candidates"][0]["key"])


def test_a_candidate_is_explained_in_words(pareto: Run, key: str) -> None:
    ran = pareto("first", "--explain", key[:8], "--budget", "latency<=1us")
    assert (ran.code, ran.err) == (0, "")
    assert f"{key[:8]} is not on the front" in ran.out
    assert "It breaks latency<=1us: the value is" in ran.out
    assert "What a change of one gene would do (predicted)" in ran.out


def test_who_dominates_it_is_told_with_leads_and_what_would_be_needed(pareto: Run) -> None:
    whole = json.loads(pareto("first", "--objective", "error,memory", "--json").out)["candidates"]
    ran = pareto("first", "--objective", "memory", "--explain", whole[0]["key"][:8])
    assert "Dominated by" in ran.out
    assert "Nobody would dominate it with memory better than" in ran.out


def test_an_explanation_is_one_json_object_and_a_csv(pareto: Run, key: str) -> None:
    document = json.loads(pareto("first", "--explain", key, "--json").out)["explanation"]
    assert (document["key"], document["on_front"]) == (key, True)
    rows = list(csv.DictReader(io.StringIO(pareto("first", "--explain", key, "--csv").out)))
    assert {row["kind"] for row in rows} == {"change of a gene"}
    assert {row["provenance"] for row in rows} == {"predicted", "exact"}


def test_changes_of_genes_are_drawn(pareto: Run, key: str, tmp_path: Path) -> None:
    assert pareto("first", "--explain", key, "--plot", str(tmp_path / "genes.png")).code == 0
    assert (tmp_path / "genes.png").read_bytes().startswith(b"\x89PNG")


def test_a_key_that_is_none_is_one_sentence(pareto: Run) -> None:
    ran = pareto("first", "--explain", "no[key]")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_two_campaigns_are_compared_in_words_json_and_csv(pareto: Run) -> None:
    ran = pareto("first", "--against", "second")
    assert (ran.code, ran.err) == (0, "")
    assert "first against second" in ran.out
    assert "Reference point: error" in ran.out
    document = json.loads(pareto("first", "--against", "second", "--json").out)["comparison"]
    assert [side["campaigns"] for side in document["sides"]] == [["first"], ["second"]]
    rows = list(csv.DictReader(io.StringIO(pareto("first", "--against", "second", "--csv").out)))
    volumes = [float(row["value"]) for row in rows if row["figure"] == "hypervolume"]
    assert volumes == [side["hypervolume"] for side in document["sides"]]


def test_a_comparison_is_drawn(pareto: Run, tmp_path: Path) -> None:
    assert pareto("first", "--against", "second", "--plot", str(tmp_path / "two.svg")).code == 0
    assert (tmp_path / "two.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_predicted_front_stands_beside_the_measured_one(pareto: Run, tmp_path: Path) -> None:
    ran = pareto("first", "--predicted", "--sample", "20", "--prefer", "knee", "--plot", str(tmp_path / "both.png"))
    assert (ran.code, ran.err) == (0, "")
    assert "Front of first:" in ran.out and "Predicted front of first:" in ran.out
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads(pareto("first", "--predicted", "--json").out)
    sources = {item["values"]["latency_s"]["provenance"] for item in document["predicted"]["candidates"]}
    assert sources == {"predicted"}


def test_a_bad_word_is_one_sentence_of_ours(pareto: Run) -> None:
    for option in ("--across", "--dominance"):
        ran = pareto("first", option, "median")
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert f"{option[2:]} must be " in ran.err and "got 'median'" in ran.err
