from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.front import Chosen, Front, FrontCandidate, pareto_front
from protran.objectives import objectives_for
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

OBJECTIVES = objectives_for(["error", "latency"], ["pi"])


def front(**more: object) -> Front:
    candidate = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (8,)),)))
    values = {
        "error": Value(0.2, None, Provenance.SCORED),
        "latency_s": Value(1e-3, 1e-5, Provenance.MEASURED_COUNTER),
        "energy_j": UNAVAILABLE,
    }
    known = [FrontCandidate(candidate, values)]
    return dataclasses.replace(pareto_front(known, OBJECTIVES, campaigns=["x"], devices=["pi"]), **more)


def test_a_row_holds_values_errors_and_provenance_in_si_units() -> None:
    frame = front().to_frame()
    assert frame.index.tolist() == [front().candidates[0].candidate.key]
    row = frame.iloc[0]
    assert (row["latency_s"], row["latency_s stderr"], row["latency_s provenance"]) == (1e-3, 1e-5, "measured-counter")
    assert np.isnan(row["error stderr"]) and np.isnan(row["energy_j"])
    assert row["candidate"] == front().candidates[0].candidate
    assert frame.columns[0] == "error"


def test_the_frame_says_units_objectives_and_budgets() -> None:
    attrs = front().to_frame().attrs
    assert attrs["units"]["latency_s"] == "s"
    assert attrs["objectives"] == ["error", "latency_s"]
    assert attrs["campaigns"] == ["x"]


def test_a_choice_and_whose_a_candidate_is_are_columns_where_they_matter() -> None:
    (member,) = front().candidates
    shared = front(
        candidates=(dataclasses.replace(member, campaigns=("x", "y")),),
        chosen=Chosen(member.candidate.key, "knee", "the knee", {}),
    )
    row = shared.to_frame().iloc[0]
    assert (row["campaigns"], row["chosen"]) == ("x, y", True)
    assert "chosen" not in front().to_frame().columns


def test_an_empty_front_is_a_frame_without_rows() -> None:
    frame = front(candidates=()).to_frame()
    assert len(frame) == 0
    assert "latency_s provenance" in frame.columns


def test_a_notebook_shows_values_provenance_and_no_markup_of_a_campaign() -> None:
    html = front(campaigns=("<script>x</script>",), notes=("a <b> & c",))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html and "a &lt;b&gt; &amp; c" in html
    assert "measured-counter" in html and "1 ± 0.01 ms" in html.replace("1.000 ± 0.010", "1 ± 0.01")


def test_a_notebook_marks_what_was_chosen() -> None:
    key = front().candidates[0].candidate.key
    html = front(chosen=Chosen(key, "knee", "the <knee>", {}))._repr_html_()
    assert f"★ {key[:8]}" in html and "the &lt;knee&gt;" in html


def test_a_notebook_shows_the_first_hundred_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protran.front_html.MOST_ROWS", 0)
    assert "1 more are not shown" in front()._repr_html_()


def test_a_notebook_names_the_nearest_miss_of_an_empty_front() -> None:
    from protran.budgets import budgets_for

    known = list(front().candidates)
    missed = pareto_front(known, OBJECTIVES, budgets_for(["latency<=500us"], ["pi"]), campaigns=["x"])
    assert "exceeds latency_s by 100 %" in missed._repr_html_()
