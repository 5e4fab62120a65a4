from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from protran.optimize.beliefs import fit_beliefs
from protran.optimize.gradient import GradientProposer, GradientSettings
from protran.optimize.measured import measured_of
from protran.optimize.probes import doubtful_hardware, least_costs, next_best
from protran.optimize.state import Knowledge, Observation
from search_spaces.sampling import SamplingMethod, sample

QUICK = GradientSettings(draws=32, starts=2, steps=2, climbers=2, rounds=1, limit=8, fronts=2)


def test_the_next_best_are_taken_one_after_the_other() -> None:
    scores = torch.tensor([3.0, 2.0, 1.0, 9.0])
    taken: list[int] = []

    def take(place: int) -> None:
        taken.append(place)
        scores[1] -= 5.0 * (place == 0)  # the first one's neighbour is worth less once it is taken

    free = torch.tensor([True, True, True, False])
    assert next_best(scores.clone, free, take, 2) == taken == [0, 2]


def test_there_are_no_more_probes_than_candidates_that_may_be_taken() -> None:
    assert next_best(lambda: torch.zeros(2), torch.tensor([True, False]), lambda place: None, 5) == [0]


def test_probes_are_new_and_none_of_the_batch(world) -> None:
    state = world.start(10)
    profiled = sample(world.space, 3, SamplingMethod.SOBOL, 9)
    state = replace(state, observations=state.observations + world.look(profiled, 1, trained=False))
    proposal = GradientProposer(QUICK).propose_round(state, 2, 3)
    probes = {candidate.key for candidate in proposal.probes}
    assert len(probes) == 3
    assert not probes & {row.candidate.key for row in state.observations}
    assert not probes & {candidate.key for candidate in proposal.candidates}


def test_probes_change_nothing_about_the_batch(world) -> None:
    state, proposer = world.start(10), GradientProposer(QUICK)
    with_probes = proposer.propose_round(state, 2, 2)
    assert with_probes.candidates == proposer.propose_round(state, 2).candidates == tuple(proposer.propose(state, 2))
    assert proposer.propose_round(state, 2).probes == ()


def test_equal_states_get_equal_probes(world) -> None:
    first, second = (GradientProposer(QUICK).propose_round(world.start(10), 1, 2) for _ in range(2))
    assert first == second


def test_nobody_is_probed_where_no_hardware_is_believed(world) -> None:
    objectives = tuple(o for o in world.start(0).objectives if o.knowledge is not Knowledge.HARDWARE)
    state = replace(world.start(10), objectives=objectives)
    beliefs = fit_beliefs(state)
    rows = beliefs.inputs.of_candidates(sample(world.space, 3, SamplingMethod.SOBOL, 9))
    assert not doubtful_hardware(beliefs, rows).any()


def test_an_optimist_believes_less_than_the_mean_and_the_exact_count(world) -> None:
    state = world.start(10)
    beliefs = fit_beliefs(state)
    candidates = sample(world.space, 4, SamplingMethod.SOBOL, 9)
    rows = beliefs.inputs.of_candidates(candidates)
    costs = least_costs(beliefs, rows, measured_of(state, beliefs.objectives, candidates))
    latency = [objective.name for objective in beliefs.objectives].index("latency_s")
    assert [cost.keys() for cost in costs] == [{"latency_s", "memory_bytes"}] * 4
    assert all(cost["latency_s"] < mean.exp() for cost, mean in zip(costs, beliefs.mean(rows)[:, latency], strict=True))
    assert [cost["memory_bytes"] for cost in costs] == pytest.approx(world.truth(candidates)[:, 2].tolist())


def test_who_was_measured_over_the_budget_is_not_trained(world) -> None:
    state = world.start(12)
    best = GradientProposer(QUICK).propose(state, 1)[0]
    budgets = {"latency_s": 1.05 * float(world.truth([best])[0, 1])}
    believed = replace(state, budgets=budgets)
    assert best in GradientProposer(QUICK).propose(believed, 4)
    slow = 3 * budgets["latency_s"]
    profiled = Observation(best, {"latency_s": slow}, {"latency_s": (0.01 * slow) ** 2})
    known = replace(believed, observations=(*state.observations, profiled))
    assert best not in GradientProposer(QUICK).propose(known, 4)


def test_who_was_measured_to_be_dominated_is_not_trained(world) -> None:
    state = world.start(12)
    best = GradientProposer(QUICK).propose(state, 1)[0]
    slow = 100 * max(row.values["latency_s"] for row in state.observations)
    profiled = Observation(best, {"latency_s": slow}, {"latency_s": (0.01 * slow) ** 2})
    known = replace(state, observations=(*state.observations, profiled))
    assert best not in GradientProposer(QUICK).propose(known, 3)
