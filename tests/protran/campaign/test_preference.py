from __future__ import annotations

import json

import pytest

from device_agents.measurement import Provenance, Value
from protran.campaign.preference import with_choice
from protran.errors import InputError
from protran.front import Front, FrontCandidate, pareto_front
from protran.objectives import Objective, objectives_for
from protran.quantities import Direction, Quantity
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

OBJECTIVES = objectives_for(["error", "latency"], ["pi"])


def member(number: int, **values: float) -> FrontCandidate:
    known = {name: Value(value, 0.0, Provenance.SCORED) for name, value in values.items()}
    return FrontCandidate(Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (number,)),))), known)


def front(*points: tuple[float, float]) -> Front:
    known = [member(number, error=error, latency_s=latency_s) for number, (error, latency_s) in enumerate(points, 1)]
    return pareto_front(known, OBJECTIVES, devices=["pi"])


def chosen(answer: Front) -> int:
    assert answer.chosen is not None
    found = next(item for item in answer.candidates if item.candidate.key == answer.chosen.key)
    return found.candidate.architecture.layers[0].feed_forward[0]


THREE = ((0.3, 1e-3), (0.12, 4e-3), (0.1, 1e-1))


def test_the_knee_lies_farthest_from_the_line_between_the_extremes() -> None:
    answer = with_choice(front(*THREE), "knee", None)
    assert chosen(answer) == 2
    assert answer.chosen is not None and answer.chosen.details["bulges"]


def test_a_front_that_bulges_nowhere_says_that_it_has_no_knee() -> None:
    answer = with_choice(front((0.3, 1e-3), (0.29, 5e-2), (0.1, 1e-1)), "knee", None)
    assert answer.chosen is not None
    assert answer.chosen.sentence.startswith("no knee")


def test_weights_move_the_choice_towards_the_objective_that_weighs_more() -> None:
    assert chosen(with_choice(front(*THREE), "error=50,latency=1", None)) == 3
    assert chosen(with_choice(front(*THREE), "error=1,latency=50", None)) == 1


def test_the_score_is_the_worst_weighted_place_and_a_twentieth_of_the_sum() -> None:
    answer = with_choice(front(*THREE), "error=3,latency=1", None)
    assert answer.chosen is not None
    assert answer.chosen.scores[answer.candidates[0].candidate.key] == pytest.approx(0.25 * 1.05)


def test_what_is_not_named_weighs_nothing_but_breaks_ties() -> None:
    answer = with_choice(front((0.1, 2e-3), (0.2, 1e-3)), "latency=1", None)
    assert chosen(answer) == 2
    assert answer.chosen is not None and "error 0" in answer.chosen.sentence


def test_equal_members_are_told_apart_by_their_keys() -> None:
    answer = with_choice(front((0.1, 1e-3), (0.1, 1e-3)), "knee", None)
    assert answer.chosen is not None
    assert answer.chosen.key == min(item.candidate.key for item in answer.candidates)


def test_a_front_of_one_member_and_one_objective_chooses_it() -> None:
    known = [member(1, error=0.1)]
    answer = with_choice(pareto_front(known, objectives_for(["error"], [])), "knee", None)
    assert chosen(answer) == 1


def test_a_maximised_objective_is_best_where_it_is_largest() -> None:
    objectives = [Objective(Quantity.PARAMETERS, direction=Direction.MAXIMISE), *objectives_for(["error"], [])]
    known = [member(1, parameters=1e6, error=0.3), member(2, parameters=1e3, error=0.1)]
    assert chosen(with_choice(pareto_front(known, objectives), "parameters=9,error=1", None)) == 1


def test_a_reference_point_chooses_who_falls_least_short_of_it() -> None:
    answer = with_choice(front(*THREE), None, "error<=15%,latency<=2ms")
    assert chosen(answer) == 2
    assert answer.chosen is not None and "misses latency" in answer.chosen.sentence


def test_a_reference_point_that_is_reached_says_so() -> None:
    answer = with_choice(front(*THREE), None, "error<=20%,latency<=10ms")
    assert chosen(answer) == 2
    assert answer.chosen is not None and "reaches all" in answer.chosen.sentence


def test_an_accuracy_may_be_wished_for() -> None:
    assert chosen(with_choice(front(*THREE), None, "accuracy>=90%")) == 3


def test_the_choice_is_json() -> None:
    document = json.loads(json.dumps(with_choice(front(*THREE), "knee", None).to_json(), allow_nan=False))
    assert document["chosen"]["rule"] == "knee"
    assert set(document["chosen"]["scores"]) == {item["key"] for item in document["candidates"]}


def test_without_a_preference_or_a_member_nothing_is_chosen() -> None:
    assert with_choice(front(*THREE), None, None).chosen is None
    assert with_choice(front(), "knee", None).chosen is None


@pytest.mark.parametrize("text", ["best", "error=", "error=-1", "error=nan", "error=2,", "wheels=1", "memory=1"])
def test_a_preference_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"preference|quantity must be"):
        with_choice(front(*THREE), text, None)


def test_an_objective_has_one_weight() -> None:
    with pytest.raises(InputError, match="error has two weights"):
        with_choice(front(*THREE), "error=1,error=2", None)


@pytest.mark.parametrize("text", [" ", "error", "memory<=1MB", "error<=10%,error<=20%"])
def test_a_reference_point_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        with_choice(front(*THREE), None, text)


def test_two_preferences_at_once_are_refused() -> None:
    with pytest.raises(InputError, match="got two of them"):
        with_choice(front(*THREE), "knee", "error<=10%")
