from __future__ import annotations

import pytest
import torch

from protran.evaluate.active_pool import MeasuredPool


def pool(deviation: float = 0.1, latency: int | None = 0) -> MeasuredPool:
    x = torch.arange(8, dtype=torch.float64).unsqueeze(-1)
    y = torch.cat([1.0 + x, 10.0 + x], dim=-1)
    y_var = torch.stack([torch.full((8,), deviation**2), torch.full((8,), torch.nan)], dim=-1).double()
    return MeasuredPool(x, x / 8, y, y_var, latency)


def test_the_first_profile_of_a_row_gives_what_the_table_has():
    known = pool().profile([5, 2], seed=0)
    assert known.rows.tolist() == [5, 2]
    assert known.y.tolist() == [[6.0, 15.0], [3.0, 12.0]]
    assert known.y_var[:, 0].tolist() == pytest.approx([0.01, 0.01])


def test_repeats_make_one_row_whose_mean_is_known_better():
    known = pool().profile([5, 2, 5, 5], seed=0)
    assert known.rows.tolist() == [5, 2]
    assert known.counts.tolist() == [3, 1]
    assert known.y_var[:, 0].tolist() == pytest.approx([0.01 / 3, 0.01])


def test_a_repeat_draws_the_stated_noise_anew():
    means = torch.stack([pool().profile([5, 5], seed=seed).y[0, 0] for seed in range(200)])
    assert means.mean().item() == pytest.approx(6.0, abs=0.02)
    assert means.std().item() == pytest.approx(0.05, rel=0.2)  # half of the noise of one repeat


def test_where_no_noise_is_stated_a_repeat_gives_the_same_again():
    assert pool().profile([5, 5], seed=3).y[0, 1].item() == 15.0


def test_the_same_seed_draws_the_same_repeats():
    first, second = (pool().profile([5, 5, 1, 1], seed=3).y for _ in range(2))
    assert torch.equal(first, second)


def test_profiles_cost_their_latency_each_time():
    assert pool().cost([5, 2, 5]) == 15.0


def test_without_latencies_all_profiles_cost_the_same():
    assert pool(latency=None).cost([5, 2, 5]) == 3.0
