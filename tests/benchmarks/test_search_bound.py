"""The bound of searches: trends, and the greedy choice against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from benchmarks.search_bound import EVALUATIONS, Reached, belief, chosen, curves_markdown, trend
from protran.benchmark.judge import Judge
from protran.benchmark.pool import Pool, PooledTable
from search_spaces.candidate import Candidate
from search_spaces.presets import GPT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space


@pytest.fixture(scope="module")
def candidates() -> tuple[Candidate, ...]:
    return tuple(sample(load_space("gpt-small"), 300, SamplingMethod.RANDOM, seed=0))


def linear(candidates: tuple[Candidate, ...]) -> np.ndarray:
    """A value that each width has a line of its own for."""
    return np.array(
        [
            0.001 * layers[0].hidden + 0.1 * len(layers) * (1 if layers[0].hidden > 384 else -1)
            for layers in (candidate.architecture.layers for candidate in candidates)
        ]
    )


def test_a_trend_finds_a_line_per_width(candidates: tuple[Candidate, ...]) -> None:
    y = linear(candidates)
    assert np.allclose(trend(candidates, y), y)


def test_a_trend_leaves_what_is_a_rows_own(candidates: tuple[Candidate, ...]) -> None:
    y = linear(candidates)
    own = np.random.default_rng(1).normal(0.0, 0.5, len(y))
    assert np.std(y + own - trend(candidates, y + own)) == pytest.approx(0.5, rel=0.15)


def test_what_is_known_exactly_stays_and_the_rest_becomes_its_trend(candidates: tuple[Candidate, ...]) -> None:
    rng = np.random.default_rng(2)
    smooth = np.exp(np.stack([linear(candidates), linear(candidates)], axis=1) + rng.normal(0, 0.1, (300, 2)))
    pool = Pool(load_space("gpt-small"), candidates, ("latency_s", "peak_power_w"), GPT_INPUT)
    mean, deviation = belief(PooledTable("t", pool, smooth, smooth), ["peak_power_w"])
    assert np.allclose(mean[:, 0], np.log(smooth[:, 0]))
    assert (deviation[:, 0] == 0).all()
    assert np.allclose(mean[:, 1], linear(candidates), atol=0.1)
    assert deviation[0, 1] == pytest.approx(0.1, rel=0.2)


def test_with_nothing_hidden_each_row_adds_most(candidates: tuple[Candidate, ...]) -> None:
    smooth = np.random.default_rng(3).uniform(1.0, 2.0, (60, 3))
    judge = Judge(smooth)
    rows = chosen(torch.as_tensor(np.log(smooth)), torch.zeros(60, 3, dtype=torch.float64), 6, 0)
    for place, row in enumerate(rows):
        best = max(judge.fraction([*rows[:place], other]) for other in range(60))
        assert judge.fraction([*rows[:place], row]) == pytest.approx(best, abs=1e-9)


def test_what_is_hidden_spreads_the_choice() -> None:
    mean = torch.log(torch.linspace(1.0, 2.0, 40, dtype=torch.float64)).unsqueeze(-1).expand(-1, 2).contiguous()
    sure = chosen(mean, torch.zeros_like(mean), 1, 0)
    unsure = chosen(mean, torch.full_like(mean, 0.3), 8, 0)
    assert sure == [0]
    assert len(set(unsure)) == 8
    assert max(unsure) <= 20


def test_the_table_shows_means_and_spreads() -> None:
    rows = [
        Reached("h100", known, seed, count, 0.5 + 0.1 * seed)
        for known, seed in (("all", 0), *itertools.product(["trends"], range(2)))
        for count in (20, 60, 100, 160)
    ]
    text = curves_markdown(rows, EVALUATIONS)
    assert "| h100 | all | 1 | 0.500 | 0.500 |" in text
    assert "| h100 | trends | 2 | 0.550 +- 0.071 |" in text
