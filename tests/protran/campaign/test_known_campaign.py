from __future__ import annotations

import dataclasses

import pytest
from finished_pair import known_pair

from protran.budgets import budgets_for
from protran.campaign.front_query import FrontQuery, answered
from protran.campaign.known_campaign import KnownCampaign, together
from protran.campaign.problem import Device
from protran.errors import InputError
from protran.objectives import objectives_for


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> list[KnownCampaign]:
    return list(known_pair(tmp_path_factory))


def test_a_candidate_of_both_stands_once_and_says_whose_it_is(two) -> None:
    known = together([two[0], dataclasses.replace(two[0], names=("copy",))])
    alone = answered(two[0], FrontQuery())
    front = answered(known, FrontQuery())
    assert front.campaigns == ("first", "copy")
    assert [item.candidate for item in front.candidates] == [item.candidate for item in alone.candidates]
    assert [item.values for item in front.candidates] == [item.values for item in alone.candidates]
    assert {item.campaigns for item in front.candidates} == {("first", "copy")}


def test_the_front_of_two_is_that_of_all_their_candidates(two) -> None:
    front = answered(together(two), FrontQuery())
    keys = {item.candidate.key for item in front.candidates}
    own = [{item.candidate.key for item in answered(known, FrontQuery()).candidates} for known in two]
    assert keys <= own[0] | own[1]
    for item in front.candidates:
        assert item.campaigns == tuple(k.names[0] for k in two if item.candidate.key in k.findings.candidates)


def test_one_campaign_alone_is_as_it_is(two) -> None:
    assert together([two[0]]) is two[0]


def test_the_same_campaign_twice_is_refused(two) -> None:
    with pytest.raises(InputError, match="got 'first' twice"):
        together([two[0], two[0]])


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("task", {"name": "other"}, "task"),
        ("full", None, "fidelity"),
        ("workload", None, "workload"),
        ("distilled", "labels", "recipe"),
    ],
)
def test_campaigns_whose_values_cannot_be_compared_are_refused(two, field: str, value: object, word: str) -> None:
    other = dataclasses.replace(two[1], problem=dataclasses.replace(two[1].problem, **{field: value}))
    with pytest.raises(InputError, match=f"first and second differ in their {word}"):
        together([two[0], other])


def test_of_different_devices_only_what_depends_on_none_is_looked_at(two) -> None:
    elsewhere = dataclasses.replace(two[1].problem, devices=(Device("local", "another"),))
    known = together([two[0], dataclasses.replace(two[1], problem=elsewhere)])
    front = answered(known, FrontQuery())
    assert [item.name for item in front.objectives] == ["error", "memory_bytes"]
    assert front.candidates
    assert "looked at are devices of all campaigns (none); left out: local" in front.notes


def test_campaigns_that_share_no_objective_are_refused(two) -> None:
    problems = [
        dataclasses.replace(two[place].problem, objectives=objectives_for([word], ["local"]))
        for place, word in enumerate(("error", "memory"))
    ]
    with pytest.raises(InputError, match="share no objective"):
        together([dataclasses.replace(k, problem=p) for k, p in zip(two, problems, strict=True)])


def test_a_budget_of_one_campaign_alone_does_not_hold_for_both_and_is_named(two) -> None:
    limited = dataclasses.replace(two[1].problem, budgets=budgets_for(["latency<=1ms"], ["local"]))
    known = together([two[0], dataclasses.replace(two[1], problem=limited)])
    assert known.problem.budgets == ()
    assert known.notes == ("budgets that not all campaigns have do not hold here: latency@local<=1 ms",)


def test_a_budget_of_all_campaigns_holds(two) -> None:
    budgets = budgets_for(["latency<=1ms"], ["local"])
    limited = [dataclasses.replace(k, problem=dataclasses.replace(k.problem, budgets=budgets)) for k in two]
    assert together(limited).problem.budgets == budgets
