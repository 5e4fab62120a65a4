from __future__ import annotations

import math

import pytest
import torch

from protran.errors import InputError
from protran.evaluate.active_loop import HeldOut, denoised_error, run
from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.pool_policies import Knowledge, Policy, RandomPolicy

NOISE = 0.2


def rows(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns features, noise-free and measured values."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 17, generator=generator, dtype=torch.float64)
    truth = (x[:, :1] + x[:, 1:2]).exp()
    return x, truth, truth * (1.0 + 0.02 * torch.randn(count, 1, generator=generator, dtype=torch.float64))


@pytest.fixture(scope="module")
def pool() -> MeasuredPool:
    x, _, y = rows(40, 0)
    return MeasuredPool(x, x, y, torch.full_like(y, math.nan), 0)


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    x, truth, y = rows(200, 1)
    return HeldOut(x, y, truth)


class Twice(Policy):
    """Asks for each row twice."""

    def extend(self, pool: MeasuredPool, known: Knowledge, size: int) -> list[int]:
        return [place // 2 for place in range(size)]


def test_each_size_is_judged_and_more_profiles_err_less(pool: MeasuredPool, held_out: HeldOut):
    few, many = run(pool, held_out, RandomPolicy(), (6, 32), seed=0)
    assert (few.profiles, many.profiles) == (6, 32)
    assert many.mape < few.mape
    assert many.bound < few.bound
    assert many.cost > few.cost


def test_the_bound_is_above_the_error_that_is_expected(pool: MeasuredPool, held_out: HeldOut):
    (judgement,) = run(pool, held_out, RandomPolicy(), (8,), seed=0)
    assert judgement.bound > judgement.expected > 0


def test_the_same_seed_gives_the_same_judgements(pool: MeasuredPool, held_out: HeldOut):
    first, second = (run(pool, held_out, RandomPolicy(), (6, 8), seed=4) for _ in range(2))
    assert first == second


def test_repeats_are_counted_as_profiles(pool: MeasuredPool, held_out: HeldOut):
    (judgement,) = run(pool, held_out, Twice(), (12,), seed=0)
    assert (judgement.profiles, judgement.repeats) == (12, 6)


def test_without_smoothed_values_there_is_no_error_without_noise(pool: MeasuredPool, held_out: HeldOut):
    (judgement,) = run(pool, HeldOut(held_out.x, held_out.y), RandomPolicy(), (6,), seed=0)
    assert math.isnan(judgement.true_error)
    assert math.isfinite(judgement.mape)


def test_neither_the_noise_of_measurements_nor_that_of_smoothing_counts_as_error():
    generator = torch.Generator().manual_seed(0)
    own, measured, smoothed = torch.randn(3, 200_000, 1, generator=generator, dtype=torch.float64) * NOISE / 2
    found = denoised_error(1.0 + own / 10, 1.0 + measured.clamp(-0.5, 0.5), 1.0 + smoothed / 5)
    assert found.item() == pytest.approx(math.sqrt(2 / math.pi) * NOISE / 20, rel=0.1)


@pytest.mark.parametrize("sizes", [(), (1, 4), (8, 8), (8, 4), (8, 41)])
def test_sizes_that_do_not_rise_within_the_pool_are_refused(
    pool: MeasuredPool, held_out: HeldOut, sizes: tuple[int, ...]
):
    with pytest.raises(InputError, match="rise from 2 to 40"):
        run(pool, held_out, RandomPolicy(), sizes, seed=0)
