from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from finished_pair import known_pair

from protran.campaign.compare import compared
from protran.campaign.compare_history import growth
from protran.campaign.front_query import FrontQuery
from protran.campaign.known_campaign import KnownCampaign
from protran.errors import InputError
from protran.optimize.hypervolume import hypervolume

QUERY = FrontQuery.of(objectives=["error", "latency"])


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[KnownCampaign, ...]:
    return known_pair(tmp_path_factory)


def test_a_campaign_against_its_copy_is_a_draw(two) -> None:
    found = compared([two[0]], [dataclasses.replace(two[0], names=("copy",))], FrontQuery(), draws=50)
    first, second = found.sides
    assert (first.volume, first.interval, first.covered) == (second.volume, second.interval, 0.0)
    assert (found.larger, found.difference) == (0.5, (0.0, 0.0))
    assert first.attained == second.attained


def test_the_volume_is_that_up_to_the_reference_point_that_is_told(two) -> None:
    found = compared([two[0]], [two[1]], QUERY, draws=5)

    def on_axes(values: dict[str, float]) -> list[float]:
        return [values["error"], float(np.log(values["latency_s"]))]

    reference, ideal = np.array(on_axes(found.reference)), np.array(on_axes(found.ideal))
    for side in found.sides:
        points = [on_axes({n: m.number(n) for n in ("error", "latency_s")}) for m in side.front.candidates]
        box = float(np.prod(reference - ideal))
        assert side.volume == pytest.approx(hypervolume(np.array(points), reference) / box)


def test_histories_rise_and_end_below_the_box(two) -> None:
    for side in compared([two[0]], [two[1]], QUERY, draws=5).sides:
        for places in side.histories.values():
            volumes = [volume for _, volume in places]
            assert volumes == sorted(volumes)
            assert 0 <= volumes[-1] <= 1


def test_the_same_seed_gives_the_same_figures_and_they_are_json(two) -> None:
    one, other = (compared([two[0]], [two[1]], QUERY, draws=20, seed=3).to_json() for _ in range(2))
    assert one == other
    document = json.loads(json.dumps(one, allow_nan=False))
    assert document["sides"][0]["campaigns"] == ["first"]
    assert {goal["goal"] for goal in document["attainment"]} == {k for s in document["sides"] for k in s["members"]}


def test_attainment_is_a_probability_and_own_members_are_attained_by_about_half_of_the_draws_or_more(two) -> None:
    found = compared([two[0]], [two[1]], FrontQuery.of(objectives=["error"]), draws=400)
    for side in found.sides:
        (member,) = side.front.candidates
        assert side.attained[member.candidate.key] == pytest.approx(0.5, abs=0.1)


def test_a_front_that_is_worse_everywhere_is_dominated(two) -> None:
    worse = FrontQuery.of(objectives=["latency"], budgets=[])
    found = compared([two[0]], [two[1]], worse, draws=50)
    best = [side.front.candidates[0].number("latency_s") for side in found.sides]
    for side, own, other in zip(found.sides, best, reversed(best), strict=True):
        assert side.covered == float(other < own)


def test_several_campaigns_may_stand_on_one_side(two) -> None:
    third = dataclasses.replace(two[0], names=("third",))
    found = compared([two[0], third], [two[1]], QUERY, draws=5)
    assert found.sides[0].names == ("first", "third")
    assert found.sides[0].histories.keys() == {"first", "third"}


def test_a_look_across_devices_is_refused(two) -> None:
    with pytest.raises(InputError, match="got a look across"):
        compared([two[0]], [two[1]], FrontQuery.of(across="worst"))


def test_a_side_without_a_front_is_refused(two) -> None:
    with pytest.raises(InputError, match="no candidate of first is on a front"):
        compared([two[0]], [two[1]], FrontQuery.of(budgets=["latency<=1ns"]))


def test_the_growth_of_many_candidates_is_looked_at_in_some_places() -> None:
    cube = np.random.default_rng(0).random((200, 2))
    places = growth(cube, lambda points: float(len(points)))
    assert len(places) <= 40
    assert (places[0][0], places[-1][0]) == (1, 200)
