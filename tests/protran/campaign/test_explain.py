from __future__ import annotations

import dataclasses
import json

import pytest
from finished_pair import known_pair

from protran.campaign.explain import explained
from protran.campaign.explain_genes import difference
from protran.campaign.front_query import FrontQuery, answered
from protran.campaign.known_campaign import KnownCampaign
from protran.errors import InputError
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer

BY_COST = FrontQuery.of(objectives=["latency", "memory"])
"""Of which the invented campaign has candidates that are dominated."""


@pytest.fixture
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownCampaign:
    return known_pair(tmp_path_factory)[0]


@pytest.fixture
def dominated(known: KnownCampaign) -> str:
    front = {item.candidate.key for item in answered(known, BY_COST).candidates}
    whole = answered(known, FrontQuery.of(objectives=["error", "latency", "memory"]))
    return next(item.candidate.key for item in whole.candidates if item.candidate.key not in front)


def test_who_dominates_a_candidate_is_named_with_leads_and_probabilities(known, dominated) -> None:
    found = explained(known, BY_COST, dominated[:8])
    assert not found.on_front
    assert found.rivals
    for rival in found.rivals:
        leads = rival.leads.values()
        assert all(lead.value >= 0 for lead in leads) and any(lead.value > 0 for lead in leads)
        assert 0 <= rival.probability <= min(lead.probability for lead in leads if lead.stderr) + 1e-12
        memory = found.member.number("memory_bytes"), rival.member.number("memory_bytes")
        assert rival.leads["memory_bytes"].value == memory[0] - memory[1]


def test_better_than_what_is_needed_in_one_objective_nobody_dominates_it(known, dominated) -> None:
    found = explained(known, BY_COST, dominated)
    for name, limit in found.needed.items():
        assert all(rival.member.number(name) >= limit for rival in found.rivals)
        assert any(rival.member.number(name) == limit for rival in found.rivals)


def test_a_member_of_the_front_is_dominated_by_nobody(known) -> None:
    key = answered(known, FrontQuery()).candidates[0].candidate.key
    found = explained(known, FrontQuery(), key)
    assert (found.on_front, found.rivals, found.needed) == (True, (), {})


def test_budgets_that_are_missed_are_named_the_nearest_first(known) -> None:
    key = answered(known, FrontQuery()).candidates[0].candidate.key
    found = explained(known, FrontQuery.of(budgets=["memory<=1B", "latency<=100ns", "error<=100%"]), key)
    assert {budget.text for budget, _, _ in found.missed} == {"memory<=1B", "latency<=100ns"}
    excesses = [excess for _, _, excess in found.missed]
    assert excesses == sorted(excesses)
    assert not found.on_front


def test_changes_of_genes_are_predicted_with_their_doubt_and_counts_are_exact(known) -> None:
    key = answered(known, FrontQuery()).candidates[0].candidate.key
    found = explained(known, FrontQuery(), key)
    assert found.genes
    assert [gene.importance for gene in found.genes] == sorted((g.importance for g in found.genes), reverse=True)
    for gene in found.genes:
        assert gene.changes["latency_s"].provenance.value == "predicted"
        assert gene.changes["latency_s"].stderr > 0
        assert (gene.changes["memory_bytes"].provenance.value, gene.changes["memory_bytes"].stderr) == ("exact", 0.0)


def test_one_that_was_not_verified_is_compared_by_short_trainings(known) -> None:
    verified = {key for key, _ in known.findings.measured if len(known.findings.measured[key, _]) > 1}
    key = next(key for key in known.findings.candidates if key not in verified)
    assert "it was not verified" in explained(known, FrontQuery(), key).notes[0]


def test_an_explanation_is_json(known, dominated) -> None:
    document = json.loads(json.dumps(explained(known, BY_COST, dominated).to_json(), allow_nan=False))
    assert document["key"] == dominated
    assert document["dominated_by"][0]["leads"].keys() == {"latency_s", "memory_bytes"}
    assert document["genes"][0]["objectives"]["latency_s"]["provenance"] == "predicted"


def test_a_candidate_outside_the_space_says_why_nothing_is_predicted(known) -> None:
    key = answered(known, FrontQuery()).candidates[0].candidate.key
    narrow = dataclasses.replace(known.problem.space, name="narrow", layers=(12,))
    found = explained(
        dataclasses.replace(known, problem=dataclasses.replace(known.problem, space=narrow)), BY_COST, key
    )
    assert found.genes == ()
    assert "nothing is said about genes: the candidate is not in the space narrow" in found.notes[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [("../x", "first digits of a key"), ("abc", "four or more"), ("0000000000", "no candidate of first")],
)
def test_a_key_that_is_none_is_refused(known, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        explained(known, FrontQuery(), text)


def layer(hidden: int = 8, heads: int = 1, kind: HeadKind = HeadKind.FOURIER, stack: tuple[int, ...] = (16,)) -> Layer:
    return Layer(hidden, (kind,) * heads, stack)


@pytest.mark.parametrize(
    ("other", "gene", "text"),
    [
        ((layer(), layer()), "number of layers", "1 -> 2 layers"),
        ((layer(hidden=16),), "hidden size", "layer 1: hidden 8 -> 16"),
        ((layer(heads=2),), "number of heads", "layer 1: 1 -> 2 heads"),
        ((layer(kind=HeadKind.COSINE),), "kind of a head", "layer 1: a head lt_dft -> lt_dct"),
        ((layer(stack=(16, 16)),), "depth of a stack", "layer 1: 1 -> 2 feed-forward layers"),
        ((layer(stack=(32,)),), "feed-forward size", "layer 1: feed-forward 16 -> 32"),
    ],
)
def test_what_a_neighbour_changes_is_named(other: tuple[Layer, ...], gene: str, text: str) -> None:
    found = difference(Candidate(Architecture((layer(),))), Candidate(Architecture(other)))
    assert found[0] == gene
    assert found[1] == text.replace("lt_dft", HeadKind.FOURIER.value).replace("lt_dct", HeadKind.COSINE.value)
