"""Which layers are spared."""

from __future__ import annotations

import math

import pytest

from protran.studies.compression.sensitivity import layers_to_keep, shares_by_layer


def test_the_third_that_loses_least_is_pruned_more_and_the_third_that_loses_most_less() -> None:
    assert shares_by_layer([3.0, 1.0, 2.0]) == [0.25, 0.75, 0.5]


@pytest.mark.parametrize("depth", [1, 2, 3, 8, 12])
def test_half_is_removed_on_average_at_any_depth(depth: int) -> None:
    shares = shares_by_layer([float(place * 7 % 5) for place in range(depth)])
    assert sum(shares) == pytest.approx(0.5 * depth)


def test_the_quarter_that_loses_most_stays_in_fp32_and_at_least_one_layer() -> None:
    assert layers_to_keep([0.1, 0.9, 0.2, 0.3, 0.8, 0.1, 0.1, 0.1]) == [1, 4]
    assert layers_to_keep([0.1]) == [0]


def test_a_loss_that_is_no_number_is_the_largest() -> None:
    assert layers_to_keep([0.1, math.nan, 0.3]) == [1]
    assert shares_by_layer([0.1, math.nan, 0.3]) == [0.75, 0.25, 0.5]
