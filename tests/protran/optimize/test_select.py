from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from protran.optimize.beliefs import fit_beliefs
from protran.optimize.hypervolume import hypervolume, non_dominated, reference_point
from protran.optimize.select import largest_subset, ranked, select_front


@pytest.mark.parametrize("seed", range(5))
def test_the_greedy_subset_is_near_the_best_one(seed: int) -> None:
    points = np.random.default_rng(seed).random((9, 3))
    reference = reference_point(points)
    best = max(hypervolume(points[list(chosen)], reference) for chosen in itertools.combinations(range(9), 3))
    chosen = largest_subset(points, 3)
    assert len(set(chosen)) == 3
    assert hypervolume(points[chosen], reference) >= (1 - 1 / np.e) * best


def test_the_best_by_a_wanted_objective_comes_first_however_little_it_adds() -> None:
    points = np.array([[0.50, 1.0, 1.0], [0.51, 0.0, 0.9], [0.9, 0.1, 0.0], [0.8, 0.05, 0.5]])
    assert largest_subset(points, 2)[0] != 0
    assert largest_subset(points, 2, first=[0])[0] == 0


def test_a_front_within_the_limit_is_taken_whole() -> None:
    points = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    assert sorted(largest_subset(points, 3)) == [0, 1]


def test_behind_a_small_front_come_the_next_ones() -> None:
    points = np.array([[3.0, 3.0], [0.0, 1.0], [2.0, 2.0], [1.0, 0.0], [2.1, 1.9]])
    assert set(ranked(points, 2)) == {1, 3}
    assert set(ranked(points, 4)) == {1, 3, 2, 4}
    assert ranked(points, 9)[-1] == 0
    assert len(ranked(points, 9)) == 5


def test_selected_candidates_are_scored_ones_near_the_true_front(world) -> None:
    state = world.start(20)
    selected = select_front(state, 4)
    known = [row.candidate for row in state.observations]
    truth = world.truth(known)
    front = {known[i].key for i in np.flatnonzero(non_dominated(truth))}
    assert len({candidate.key for candidate in selected}) == 4
    assert len(front & {candidate.key for candidate in selected}) >= 3


def test_candidates_that_keep_the_budgets_are_selected(world) -> None:
    state = world.start(16)
    limit = float(np.median(world.truth([row.candidate for row in state.observations])[:, 2]))
    selected = select_front(replace(state, budgets={"memory_bytes": limit}), 4)
    assert selected
    assert (world.truth(selected)[:, 2] <= limit).all()


def test_work_that_the_budget_keepers_leave_goes_to_the_nearest(world) -> None:
    state = world.start(10)
    memory = np.sort(world.truth([row.candidate for row in state.observations])[:, 2])
    selected = select_front(replace(state, budgets={"memory_bytes": float(memory[1])}), 4)
    assert sorted(world.truth(selected)[:, 2]) == list(memory[:4])


def test_where_none_keeps_them_the_nearest_are_selected(world) -> None:
    state = world.start(10)
    memory = world.truth([row.candidate for row in state.observations])[:, 2]
    (nearest,) = select_front(replace(state, budgets={"memory_bytes": float(memory.min() / 2)}), 1)
    assert world.truth([nearest])[0, 2] == memory.min()


def test_without_scores_nothing_is_selected(world) -> None:
    state = world.start(6)
    profiles = world.look([row.candidate for row in state.observations], 0, trained=False)
    assert select_front(replace(state, observations=profiles), 3) == []


def test_a_limit_below_one_is_refused(world) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        select_front(world.start(3), 0)


def test_a_candidate_that_keeps_a_budget_as_likely_as_not_is_no_keeper(world) -> None:
    state = world.start(16)
    (pick,) = select_front(state, 1)
    beliefs = fit_beliefs(state)
    place = [objective.name for objective in beliefs.objectives].index("latency_s")
    row = beliefs.inputs.of_candidates([pick])
    mean, variance = beliefs.mean(row)[0, place], beliefs.doubt(row)[0, place]
    at_the_mean, beyond = float(mean.exp()), float((mean + 2 * variance.sqrt()).exp())
    assert pick not in select_front(replace(state, budgets={"latency_s": at_the_mean}), 1)
    assert pick in select_front(replace(state, budgets={"latency_s": beyond}), 1)
