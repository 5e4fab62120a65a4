from __future__ import annotations

import pytest
import torch

from protran.evaluate.active_loop import POLICIES, fit
from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.pool_integrated import IntegratedPolicy
from protran.evaluate.pool_policies import Knowledge, rank_scaled, snapped_hypercube
from protran.evaluate.pool_published import SEEDS, PublishedLoop
from protran.optimize.seeds import deterministic_torch


def pool(rows: int = 60, stated: float = 1e-4, width: int = 17) -> MeasuredPool:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(rows, width, generator=generator, dtype=torch.float64)
    y = torch.stack([(x[:, 0] + x[:, 1]).exp(), 5.0 + x[:, 2]], dim=-1)
    return MeasuredPool(x, x, y, stated * y.square(), 0)


def told(rows: MeasuredPool, asked: range | tuple[int, ...], seed: int = 1) -> Knowledge:
    return Knowledge(tuple(asked), fit(rows, asked, seed), seed)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with deterministic_torch(0):
        yield


@pytest.fixture(scope="module")
def known(one_thread: None) -> Knowledge:
    return told(pool(), range(16))


@pytest.fixture(scope="module")
def small_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("protran.evaluate.pool_published.TREES", 5)
        yield


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_gives_as_many_rows_as_asked_for_and_none_twice(name: str, small_trees: None, known: Knowledge):
    rows, policy = pool(), POLICIES[name]()
    first, more = policy.extend(rows, Knowledge((), None, 1), 10), policy.extend(rows, known, 20)
    assert (len(set(first)), len(set(more))) == (10, 20)
    assert set(more) <= set(range(60))


@pytest.mark.parametrize("name", POLICIES)
def test_the_same_knowledge_gives_the_same_rows(name: str, small_trees: None, known: Knowledge):
    rows = pool()
    assert POLICIES[name]().extend(rows, known, 18) == POLICIES[name]().extend(rows, known, 18)


@pytest.mark.parametrize("name", ["random", "lhs", "original", "max_variance"])
def test_another_seed_gives_other_rows_to_start_from(name: str, small_trees: None):
    rows, policy = pool(), POLICIES[name]()
    first, second = (set(policy.extend(rows, Knowledge((), None, seed), 8)) for seed in (1, 2))
    assert first != second


def test_ranks_fill_the_cube_and_leave_out_what_does_not_vary():
    x = torch.tensor([[1.0, 7.0, 100.0], [2.0, 7.0, 1.0], [2.0, 7.0, 10.0]])
    assert rank_scaled(x).mul(6).flatten().tolist() == pytest.approx([1.0, 5.0, 4.0, 1.0, 4.0, 3.0])


def test_a_hypercube_snaps_to_rows_in_every_part_of_each_column():
    points = torch.linspace(0.0, 1.0, 200, dtype=torch.float64).unsqueeze(-1)
    rows = snapped_hypercube(points, 10, seed=0)
    assert sorted(int(10 * points[row]) for row in rows) == list(range(10))


def test_the_most_uncertain_row_is_far_from_the_known_ones():
    x = torch.cat([torch.rand(20, 17, generator=torch.Generator().manual_seed(0)), torch.full((1, 17), 9.0)]).double()
    rows = MeasuredPool(x, x, x[:, :1].exp(), torch.full((21, 1), torch.nan, dtype=torch.float64))
    assert POLICIES["max_variance"]().extend(rows, told(rows, range(10)), 11)[-1] == 20


def test_the_published_loop_starts_from_its_hypercube(small_trees: None):
    rows = pool()
    seeds = snapped_hypercube(rows.points, SEEDS, 1)
    assert PublishedLoop().extend(rows, Knowledge((), None, 1), SEEDS + 2)[:SEEDS] == seeds


def test_the_published_loop_goes_where_trees_disagree(small_trees: None):
    x = torch.linspace(0.0, 1.0, 60, dtype=torch.float64).unsqueeze(-1)
    wild = (x > 0.7).double()
    jump = torch.randn(60, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64).abs()
    rows = MeasuredPool(x, x, 1.0 + wild * jump, torch.full((60, 1), torch.nan, dtype=torch.float64))
    chosen = PublishedLoop().extend(rows, Knowledge((), None, 0), SEEDS + 6)[SEEDS:]
    assert sum(float(x[row]) > 0.65 for row in chosen) >= 5


def test_where_profiles_of_some_cost_more_the_cost_aware_choice_is_cheaper(known: Knowledge):
    rows = pool()
    plain, aware = (IntegratedPolicy(by_cost=by_cost).extend(rows, known, 30) for by_cost in (False, True))
    assert rows.cost(aware) < rows.cost(plain)


def test_rows_with_little_stated_noise_are_not_profiled_again():
    rows = pool(stated=1e-6)
    chosen = IntegratedPolicy(repeats=True).extend(rows, told(rows, range(16)), 20)
    assert len(set(chosen)) == 20


def test_in_a_pool_without_other_rows_like_it_a_noisy_row_is_profiled_again():
    x = torch.zeros(20, 17, dtype=torch.float64)
    x[:, 0] = torch.linspace(0.0, 1.0, 20, dtype=torch.float64)
    x[19, 0] = 8.0
    y = x[:, :1].mul(0.1).exp()
    y_var = torch.full_like(y, 1e-6)
    y_var[19] = 0.25 * y[19].square()
    rows = MeasuredPool(x, x, y, y_var)
    asked = (*range(16), 19)
    assert 19 in IntegratedPolicy(repeats=True).extend(rows, told(rows, asked), 19)[17:]
