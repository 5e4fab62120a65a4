from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.budgets import budgets_for
from protran.errors import InputError
from protran.front import Chosen, DominanceRule, Front, FrontCandidate, pareto_front
from protran.objectives import Direction, Objective, Quantity, objectives_for
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

OBJECTIVES = objectives_for(["error", "latency"], ["local"])


def member(size: int, *, source: Provenance = Provenance.MEASURED_COUNTER, **values: float | None) -> FrontCandidate:
    candidate = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (size,)),)))
    known = {
        name: UNAVAILABLE if number is None else Value(number, number / 10, source) for name, number in values.items()
    }
    return FrontCandidate(candidate, known)


def sizes(front: Front) -> list[int]:
    return [item.candidate.architecture.layers[0].feed_forward[0] for item in front.candidates]


def test_dominated_candidates_are_left_out_and_the_best_comes_first() -> None:
    known = [
        member(1, error=0.3, latency_s=0.001),
        member(2, error=0.1, latency_s=0.003),
        member(3, error=0.4, latency_s=0.002),
    ]
    assert sizes(pareto_front(known, OBJECTIVES)) == [2, 1]


def test_a_candidate_without_a_value_of_an_objective_is_not_on_the_front() -> None:
    known = [member(1, error=0.1, latency_s=None), member(2, error=0.2, latency_s=0.1), member(3, error=0.1)]
    assert sizes(pareto_front(known, OBJECTIVES)) == [2]


def test_an_objective_that_nobody_has_a_value_of_is_said() -> None:
    front = pareto_front([member(1, error=0.0)], OBJECTIVES)
    assert front.candidates == ()
    assert front.notes == ("no candidate has a value of latency_s yet",)


def test_members_keep_every_budget_also_on_what_is_no_objective() -> None:
    known = [
        member(1, error=0.1, latency_s=0.001, memory_bytes=2e6),
        member(2, error=0.2, latency_s=0.002, memory_bytes=1e6),
        member(3, error=0.3, latency_s=0.004, memory_bytes=1e6),
        member(4, error=0.3, latency_s=0.001),
    ]
    front = pareto_front(known, OBJECTIVES, budgets_for(["memory<=1MB", "latency<=3ms"], ["local"]))
    assert sizes(front) == [2]
    assert front.nearest_misses == ()


def test_where_no_candidate_meets_the_budgets_the_nearest_misses_are_named() -> None:
    known = [
        member(1, error=0.1, latency_s=0.004),
        member(2, error=0.5, latency_s=0.0012),
        member(3, error=0.21, latency_s=0.00105),
        member(4, error=0.2),
    ]
    front = pareto_front(known, OBJECTIVES, budgets_for(["latency<=1ms", "accuracy>=80%"], ["local"]))
    assert front.candidates == ()
    assert [miss.member for miss in front.nearest_misses] == [known[2], known[1], known[0]]
    assert front.nearest_misses[0].excess == pytest.approx({"latency_s": 0.05, "error": 0.05})
    assert front.nearest_misses[2].excess == pytest.approx({"latency_s": 3.0})


def test_of_two_budgets_on_one_value_the_stricter_is_missed() -> None:
    budgets = budgets_for(["latency<=1ms", "latency<=2ms"], ["local"])
    front = pareto_front([member(1, error=0.1, latency_s=0.003)], OBJECTIVES, budgets)
    assert front.nearest_misses[0].excess == pytest.approx({"latency_s": 2.0})


def test_an_excess_over_nothing_is_null_in_json() -> None:
    front = pareto_front([member(1, error=0.1, latency_s=1.0)], OBJECTIVES, budgets_for(["error<=0%"], ["local"]))
    document = json.loads(json.dumps(front.to_json(), allow_nan=False))
    assert document["nearest_misses"][0]["excess"] == {"error": None}


def test_an_estimate_does_not_stand_among_measurements_unless_asked() -> None:
    known = [
        member(1, error=0.1, latency_s=0.002),
        member(2, error=0.2, latency_s=0.001),
        FrontCandidate(
            member(3).candidate,
            {
                "error": Value(0.05, None, Provenance.MEASURED_COUNTER),
                "latency_s": Value(0.0001, None, Provenance.ESTIMATED_GENERIC),
            },
        ),
    ]
    front = pareto_front(known, OBJECTIVES)
    assert sizes(front) == [1, 2]
    assert front.notes == (
        "left out: 1 candidate whose latency_s is estimated-generic, while that of others is measured-counter",
    )
    assert sizes(pareto_front(known, OBJECTIVES, mix_provenance=True)) == [3]


def test_a_column_of_estimates_alone_is_a_front_of_estimates() -> None:
    known = [member(1, error=0.1, latency_s=0.002, source=Provenance.ESTIMATED_GENERIC)]
    assert sizes(pareto_front(known, OBJECTIVES)) == [1]


def test_a_value_may_be_maximised() -> None:
    objectives = [Objective(Quantity.PARAMETERS, direction=Direction.MAXIMISE)]
    front = pareto_front([member(1, parameters=10.0), member(2, parameters=20.0)], objectives)
    assert sizes(front) == [2]


def test_nothing_known_is_an_empty_front() -> None:
    assert pareto_front([], OBJECTIVES) == Front((), (), OBJECTIVES)


def test_json_follows_the_schema_of_a_front() -> None:
    devices = ["a", "b"]
    objectives = objectives_for(["error", "latency"], devices)
    known = [member(1, **{"error": 0.1, "latency_s@a": 0.002, "latency_s@b": 0.004, "test_error": 0.12})]
    budgets = budgets_for(["latency@a<=20ms"], devices)
    front = pareto_front(known, objectives, budgets, campaigns=["demo"], devices=devices)
    document: dict[str, Any] = json.loads(json.dumps(front.to_json(), allow_nan=False))
    assert set(document) == {
        "campaigns",
        "devices",
        "objectives",
        "budgets",
        "candidates",
        "nearest_misses",
        "notes",
        "dominance",
    }
    assert (document["campaigns"], document["devices"]) == (["demo"], devices)
    assert document["objectives"][1] == {"name": "latency_s@a", "device": "a", "unit": "s", "direction": "minimise"}
    assert document["budgets"][0]["limit"] == 0.02
    (candidate,) = document["candidates"]
    assert Candidate.from_json({name: candidate[name] for name in ("architecture", "deployment")}) == known[0].candidate
    assert candidate["key"] == known[0].candidate.key
    assert candidate["values"]["latency_s@b"] == {
        "value": 0.004,
        "stderr": 0.0004,
        "unit": "s",
        "provenance": "measured-counter",
    }
    assert candidate["values"]["test_error"]["unit"] == "fraction"


def test_a_value_that_is_no_known_quantity_is_a_plain_number_in_json() -> None:
    assert member(1, wheels=4.0).to_json()["values"]["wheels"]["unit"] == "count"


def test_with_a_confidence_error_bars_count_against_a_budget() -> None:
    known = [member(1, error=0.1, latency_s=0.0029), member(2, error=0.2, latency_s=0.001)]  # bars of a tenth
    budgets = budgets_for(["latency<=3ms"], ["local"])
    assert sizes(pareto_front(known, OBJECTIVES, budgets)) == [1, 2]
    front = pareto_front(known, OBJECTIVES, budgets, confidence=0.95)
    assert sizes(front) == [2]
    assert front.notes == ("each budget is kept with a probability of 0.95 or more, by the error bars",)


def test_with_a_confidence_a_miss_is_as_large_as_its_upper_end() -> None:
    front = pareto_front(
        [member(1, error=0.1, latency_s=0.0029)],
        OBJECTIVES,
        budgets_for(["latency<=3ms"], ["local"]),
        confidence=0.975,
    )
    assert front.nearest_misses[0].excess == pytest.approx(
        {"latency_s": (0.0029 + 1.96 * 0.00029 - 0.003) / 0.003}, 1e-3
    )


@pytest.mark.parametrize("confidence", [0.0, 0.4, 1.0, 95.0, float("nan")])
def test_a_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(InputError, match=r"from 0.5 to below 1"):
        pareto_front([], OBJECTIVES, confidence=confidence)


def test_under_noise_a_candidate_leaves_only_where_it_is_surely_dominated() -> None:
    known = [
        member(1, error=0.20, latency_s=0.0010),
        member(2, error=0.21, latency_s=0.0011),  # bars of a tenth: hardly worse
        member(3, error=0.40, latency_s=0.0030),
    ]
    front = pareto_front(known, OBJECTIVES, dominance=DominanceRule.CONFIDENT)
    assert sizes(front) == [1, 2]
    assert front.notes == ("nobody dominates a member with a probability of 0.95 or more, by the error bars",)
    assert front.to_json()["dominance"] == "confident"


def test_what_candidates_share_of_their_errors_does_not_keep_them_on_the_front() -> None:
    own = {"error": 0.0, "latency_s": 0.0}
    known = [
        dataclasses.replace(member(1, error=0.20, latency_s=0.0010), own_stderrs=own),
        dataclasses.replace(member(2, error=0.21, latency_s=0.0011), own_stderrs=own),
    ]
    assert sizes(pareto_front(known, OBJECTIVES, dominance=DominanceRule.CONFIDENT)) == [1]


def test_the_confidence_of_budgets_is_that_of_dominance_too() -> None:
    known = [member(1, error=0.2, latency_s=0.001), member(2, error=0.3, latency_s=0.0014)]
    fronts = [
        pareto_front(known, OBJECTIVES, confidence=confidence, dominance=DominanceRule.CONFIDENT)
        for confidence in (0.9, 0.999)
    ]
    assert [sizes(front) for front in fronts] == [[1], [1, 2]]


def test_members_that_are_equal_in_the_first_objective_are_in_the_order_of_their_keys() -> None:
    known = [member(number, error=0.1, latency_s=0.001) for number in range(1, 6)]
    keys = [item.candidate.key for item in pareto_front(known, OBJECTIVES).candidates]
    assert keys == sorted(keys)


def test_whose_a_candidate_is_and_what_was_chosen_are_in_the_json_only_where_they_matter() -> None:
    front = pareto_front([member(1, error=0.1, latency_s=0.001)], OBJECTIVES)
    assert "campaigns" not in front.to_json()["candidates"][0]
    assert "chosen" not in front.to_json()
    (candidate,) = front.candidates
    shared = dataclasses.replace(
        front,
        candidates=(dataclasses.replace(candidate, campaigns=()),),
        chosen=Chosen(candidate.candidate.key, "knee", "the knee", {candidate.candidate.key: 0.0}),
    )
    document = shared.to_json()
    assert document["candidates"][0]["campaigns"] == []
    assert document["chosen"]["rule"] == "knee"
