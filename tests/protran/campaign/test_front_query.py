from __future__ import annotations

import dataclasses

import pytest
from finished_pair import known_pair

from protran.budgets import Budget, budgets_for
from protran.campaign.across import Across
from protran.campaign.front_query import FrontQuery, answered, budgets_of, objectives_of
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.problem import Device
from protran.errors import InputError
from protran.front import DominanceRule
from protran.objectives import objectives_for


@pytest.fixture
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownCampaign:
    return known_pair(tmp_path_factory)[0]


@pytest.fixture
def on_two(known: KnownCampaign) -> KnownCampaign:
    devices = (*known.problem.devices, Device("pi", "another"))
    objectives = objectives_for(["error", "latency"], ["local", "pi"])
    return dataclasses.replace(
        known, problem=dataclasses.replace(known.problem, devices=devices, objectives=objectives)
    )


def test_a_device_may_be_named_or_several(on_two) -> None:
    assert [o.name for o in objectives_of(on_two, FrontQuery.of("pi"))] == ["error", "latency_s@pi"]
    assert len(objectives_of(on_two, FrontQuery.of(["pi", "local"]))) == 3


def test_a_budget_without_a_device_holds_on_the_devices_that_are_looked_at(on_two) -> None:
    asked = ["latency<=20ms", "power<=5W"]
    names = [budget.name for budget in budgets_of(on_two, FrontQuery.of("pi", budgets=asked))]
    assert names == ["latency_s@pi", "peak_power_w@pi"]
    assert len(budgets_of(on_two, FrontQuery.of(budgets=asked))) == 4


def test_a_budget_may_be_a_budget(known) -> None:
    (budget,) = budgets_of(known, FrontQuery.of(budgets=[Budget.parse("latency<=20ms")]))
    assert (budget.name, budget.limit) == ("latency_s", 0.02)


def test_a_budget_on_what_the_campaign_limits_replaces_its_own(known) -> None:
    own = budgets_for(["latency<=1ms", "memory<=1MB"], ["local"])
    limited = dataclasses.replace(known, problem=dataclasses.replace(known.problem, budgets=own))
    found = budgets_of(limited, FrontQuery.of(budgets=["latency<=2ms"]))
    assert [budget.text for budget in found] == ["memory<=1MB", "latency<=2ms"]


def test_other_objectives_make_another_front_without_new_work(known) -> None:
    front = answered(known, FrontQuery.of(objectives=["parameters"]))
    assert [objective.name for objective in front.objectives] == ["parameters"]
    assert len(front.candidates) == 1


def test_under_noise_the_front_is_at_least_as_large(known) -> None:
    plain, confident = (answered(known, FrontQuery.of(dominance=rule)) for rule in ("mean", "confident"))
    keys = {item.candidate.key for item in confident.candidates}
    assert {item.candidate.key for item in plain.candidates} <= keys
    assert confident.to_json()["dominance"] == "confident"
    assert "nobody dominates a member with a probability of 0.95 or more, by the error bars" in confident.notes


def test_a_preference_is_part_of_the_question(known) -> None:
    assert answered(known, FrontQuery.of(prefer="knee")).chosen is not None


@pytest.mark.parametrize(
    ("field", "word", "told"),
    [("across", "median", "worst or mean"), ("dominance", "strict", "mean or confident")],
)
def test_a_word_that_is_none_of_ours_is_one_sentence(field: str, word: str, told: str) -> None:
    with pytest.raises(InputError, match=f"{field} must be {told}; got '{word}'"):
        FrontQuery.of(**{field: word})


def test_words_may_be_members_of_their_enums() -> None:
    query = FrontQuery.of(across=Across.WORST, dominance=DominanceRule.CONFIDENT)
    assert (query.across, query.dominance) == (Across.WORST, DominanceRule.CONFIDENT)


def test_a_device_and_a_look_across_exclude_each_other() -> None:
    with pytest.raises(InputError, match="one device or a look across all"):
        FrontQuery.of("pi", across="worst")


def test_an_unknown_device_is_refused(known) -> None:
    with pytest.raises(InputError, match="device must be one of local; got 'pi'"):
        answered(known, FrontQuery.of("pi"))


def test_a_device_without_an_objective_is_refused(on_two) -> None:
    with pytest.raises(InputError, match="no objective is of pi"):
        objectives_of(on_two, FrontQuery.of("pi", objectives=["latency@local"]))
