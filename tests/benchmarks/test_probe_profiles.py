"""The invented problem of the benchmark of profiles beside trainings."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.probe_profiles import BATCH, Problem, Search, posterior, trainings_saved


def test_a_belief_goes_through_what_was_seen_and_is_surest_there() -> None:
    x = np.random.default_rng(0).random((20, 6))
    seen = np.full(20, np.nan)
    seen[:5] = (1.0, 2.0, 1.5, 0.5, 1.0)
    mean, variance = posterior(x, seen, amplitude=1.0, noise=1e-3)
    assert mean[:5] == pytest.approx(seen[:5], abs=0.02)
    assert variance[:5].max() < variance[5:].min()


def test_equal_seeds_differ_in_the_hidden_part_alone() -> None:
    plain, rough = Problem.invent(3, 0.0), Problem.invent(3, 0.2)
    assert (plain.truth[:, [0, 2]] == rough.truth[:, [0, 2]]).all()
    assert (plain.truth[:, 1] != rough.truth[:, 1]).all()


def test_probes_are_profiled_and_not_trained() -> None:
    search = Search(Problem.invent(0, 0.1))
    search.look(list(range(6)), train=True)
    search.step(probes=3)
    assert len(search.trained) == 6 + BATCH
    assert np.isfinite(search.seen).sum(axis=0).tolist() == [6 + BATCH, 6 + BATCH + 3]


@pytest.mark.parametrize(("ours", "theirs", "rounds"), [((0, 2, 3), (0, 1, 2), 1.0), ((0, 1, 2), (0, 2, 3), -1.0)])
def test_trainings_are_saved_where_the_poorer_end_is_reached_earlier(ours, theirs, rounds) -> None:
    assert trainings_saved(np.array(ours, float), np.array(theirs, float)) == pytest.approx(rounds * BATCH)
