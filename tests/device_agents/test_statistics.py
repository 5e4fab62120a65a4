import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from device_agents.statistics import (
    BLOCKS,
    MINIMUM_PER_BLOCK,
    Estimate,
    block_estimate,
    coefficient_of_variation,
    low_decile,
    relative_range,
)

positive = st.floats(1e-6, 1e3)


@settings(max_examples=40)
@given(st.lists(positive, min_size=2, max_size=200))
def test_the_value_is_the_median_of_all_samples(samples):
    assert block_estimate(samples).value == pytest.approx(np.median(samples))


@settings(max_examples=40)
@given(st.lists(positive, min_size=MINIMUM_PER_BLOCK * BLOCKS, max_size=200))
def test_the_standard_error_is_that_of_the_mean_of_contiguous_block_medians(samples):
    medians = [np.median(part) for part in np.array_split(samples, BLOCKS)]
    estimate = block_estimate(samples)
    assert estimate.blocks == pytest.approx(tuple(medians))
    assert estimate.stderr == pytest.approx(stats.sem(medians), abs=1e-12)


@settings(max_examples=40)
@given(st.lists(positive, min_size=2, max_size=100), st.floats(1e-3, 1e3))
def test_value_and_standard_error_scale_with_the_unit(samples, scale):
    one, other = block_estimate(samples), block_estimate([scale * sample for sample in samples])
    assert other.value == pytest.approx(scale * one.value)
    assert other.stderr == pytest.approx(scale * one.stderr, abs=1e-9 * scale * max(samples))


def test_few_samples_are_their_own_blocks():
    assert block_estimate([3.0, 1.0, 2.0]).blocks == (3.0, 1.0, 2.0)


@pytest.mark.parametrize("count", [9, 30, 60, 240])
def test_the_standard_error_of_independent_samples_is_the_scatter_of_repeated_estimates(count):
    generator = np.random.default_rng(0)
    estimates = [block_estimate(generator.normal(10.0, 1.0, count)) for _ in range(500)]
    scatter = np.std([estimate.value for estimate in estimates])
    stated = np.sqrt(np.mean([estimate.stderr**2 for estimate in estimates]))
    assert stated == pytest.approx(scatter, rel=0.15)


def test_a_drift_between_blocks_shows_in_the_standard_error():
    generator = np.random.default_rng(1)
    drift = np.repeat(generator.normal(0.0, 1.0, BLOCKS), 50)
    samples = 100.0 + drift + generator.normal(0.0, 0.01, len(drift))
    assert block_estimate(samples).stderr > 3 * stats.sem(samples)


def test_a_few_wild_outliers_do_not_move_the_estimate():
    samples = np.full(120, 5.0)
    samples[::30] = 500.0
    assert block_estimate(samples) == Estimate(5.0, 0.0, (5.0,) * BLOCKS)


def test_the_relative_standard_error_of_zero_is_infinite():
    assert Estimate(0.0, 1.0, ()).relative_stderr == float("inf")


@settings(max_examples=40)
@given(st.lists(positive, min_size=1, max_size=50))
def test_the_low_decile_is_numpys_tenth_percentile(samples):
    assert low_decile(samples) == pytest.approx(np.percentile(samples, 10))


def test_the_relative_range_is_a_share_of_the_median():
    assert relative_range([9.0, 10.0, 12.0]) == pytest.approx(0.3)


def test_the_coefficient_of_variation_is_scipys():
    samples = [1.0, 2.0, 4.0]
    assert coefficient_of_variation(samples) == pytest.approx(stats.variation(samples, ddof=1))


@pytest.mark.parametrize("samples", [[], [1.0], [1.0, float("nan")], [[1.0, 2.0]]])
def test_samples_that_carry_no_estimate_are_refused(samples):
    with pytest.raises(ValueError, match="expected"):
        block_estimate(samples)
