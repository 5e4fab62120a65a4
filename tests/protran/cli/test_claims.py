from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_campaign import SmallCampaign

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

Run = Callable[..., Any]
SMALLEST = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (8,)),)))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign `demo` that is complete; only to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        return SmallCampaign.run(tmp_path_factory.mktemp("finished"), patch, "demo").runs


@pytest.fixture
def small(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    shutil.copytree(finished, tmp_path / "runs")
    return SmallCampaign.on(tmp_path / "runs", monkeypatch)


@pytest.fixture
def claims(run: Run, small: SmallCampaign) -> Run:
    """Runs the command on that campaign."""

    def command(reference: str, *options: str, name: str = "demo") -> Any:
        return run("claims", name, "--reference", reference, "--runs", str(small.runs), *options)

    return command


@pytest.fixture
def smallest(tmp_path: Path) -> str:
    """A file with the smallest model, which every member beats."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(SMALLEST.to_json()))
    return str(path)


def key_of_member(run: Run, small: SmallCampaign, place: int = 0) -> str:
    front = json.loads(run("pareto", "demo", "--runs", str(small.runs), "--json").out)
    return str(front["candidates"][place]["key"])


def test_what_there_is_to_do_is_said_before_it_is_done(claims: Run, small: SmallCampaign) -> None:
    ran = claims("t1")
    assert ran.code == 0
    said, after = ran.err.split("\n", 1)
    assert said == (
        "t1 is trained and measured as the members of demo were: 7 trainings and 2 profiles, as the campaign demo-vs-t1"
    )
    assert "training 7/7" in after
    assert len(small.asked) == 9


def test_where_nobody_scores_as_the_reference_that_is_said_and_is_no_failure(claims: Run) -> None:
    ran = claims("t1")
    assert (ran.code, "no member of the front scores as t1 does; the nearest, " in ran.out) == (0, True)


def test_the_second_time_nothing_is_done(claims: Run, small: SmallCampaign) -> None:
    first = claims("t1")
    small.asked.clear()
    again = claims("t1", "--no-work")
    assert (again.code, again.err, again.out) == (0, "", first.out)
    assert small.asked == []


def test_work_can_be_forbidden(claims: Run, small: SmallCampaign) -> None:
    ran = claims("t2", "--no-work")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "t2 needs 7 trainings and 2 profiles" in ran.err
    assert small.asked == []


def test_a_file_is_a_reference_too(claims: Run, smallest: str) -> None:
    ran = claims(smallest)
    assert ran.code == 0
    assert f"Claims of demo against mine-{SMALLEST.key[:8]} on local, 95 %" in ran.out
    assert "scores better than mine-" in ran.out


def test_a_verified_candidate_needs_no_work(claims: Run, run: Run, small: SmallCampaign) -> None:
    key = key_of_member(run, small)
    ran = claims(key[:8], "--no-work")
    assert (ran.code, ran.err) == (0, "")
    assert f"note: {key[:8]} is on the front itself" in ran.out


def test_the_json_is_one_object_with_ratios_and_provenance(claims: Run, smallest: str) -> None:
    document = json.loads(claims(smallest, "--json", "--confidence", "0.9").out)
    (first, *_) = document["claims"]
    assert (document["confidence"], first["claim"]) == (0.9, "equal-score")
    assert first["ratios"]["latency_s"]["low"] < first["ratios"]["latency_s"]["high"]
    assert first["ratios"]["memory_bytes"]["provenance"] == "exact"


def test_the_csv_has_a_row_for_each_claim_and_value(claims: Run, smallest: str) -> None:
    rows = list(csv.DictReader(io.StringIO(claims(smallest, "--csv").out)))
    latency = next(row for row in rows if (row["claim"], row["value"]) == ("best-score", "latency_s"))
    assert float(latency["ratio"]) == pytest.approx(float(latency["member_value"]) / float(latency["reference_value"]))
    error = next(row for row in rows if row["value"] == "error")
    assert float(error["difference"]) == pytest.approx(float(error["member_value"]) - float(error["reference_value"]))
    assert next(row for row in rows if row["value"] == "energy_j")["ratio"] == ""


def test_a_claim_about_nobody_has_a_row_of_as_many_cells(claims: Run) -> None:
    head, first, *_ = csv.reader(io.StringIO(claims("t1", "--csv").out))
    assert len(first) == len(head)
    assert first[-1].startswith("no member of the front")


def test_the_markdown_is_a_table_with_its_sentences(claims: Run, smallest: str) -> None:
    lines = claims(smallest, "--markdown").out.splitlines()
    columns = lines[0].count("|")
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 10
    assert {line.count("|") for line in table} == {columns}
    assert any(line.startswith("- ") and "scores better than" in line for line in lines)


def test_unavailable_stays_unavailable(claims: Run, smallest: str) -> None:
    (line,) = [line for line in claims(smallest, "--markdown").out.splitlines() if line.startswith("| energy")]
    assert set(line.replace("|", " ").split()) == {"energy", "unavailable"}


def test_a_picture_is_drawn_on_request(claims: Run, smallest: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.png"
    assert f"Picture: {path}" in claims(smallest, "--plot", str(path)).out.replace("\n", "")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_is_refused_before_any_work(claims: Run, small: SmallCampaign) -> None:
    assert claims("t1", "--plot", "claims.gif").code == 2
    assert small.asked == []


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("gpt2", "the reference gpt2 is a decoder"),
        ("nothing", "reference must be a candidate's key"),
        ("absent.json", "absent.json: cannot be read"),
    ],
)
def test_what_cannot_be_a_reference_is_one_sentence(claims: Run, reference: str, words: str) -> None:
    ran = claims(reference)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err


def test_a_campaign_that_is_absent_is_one_sentence(claims: Run) -> None:
    ran = claims("t1", name="nothing")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_tables_exclude_each_other(claims: Run) -> None:
    ran = claims("t1", "--csv", "--markdown")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_an_interrupt_says_that_nothing_is_lost(claims: Run, small: SmallCampaign) -> None:
    def interrupted(job: Any, answered: int) -> None:
        raise KeyboardInterrupt

    small.spoil = interrupted
    ran = claims("t1")
    assert ran.code == 130
    assert ran.err.endswith("interrupted; the same command continues where it stopped\n")
