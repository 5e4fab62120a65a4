from __future__ import annotations

import numpy as np
import pytest

from protran.optimize.noise import error_variance, mean_error_variance


def test_more_examples_leave_the_spread_of_seeds() -> None:
    assert error_variance(0.2, 1e9, seed_spread=0.02) == pytest.approx(0.02**2, rel=1e-3)


def test_few_examples_add_the_binomial_part() -> None:
    assert error_variance(0.2, 100, seed_spread=0.0) == pytest.approx(0.2 * 0.8 / 100, rel=0.05)


def test_an_error_of_nought_is_not_believed_to_be_exact() -> None:
    assert error_variance(0.0, 50, seed_spread=0.0) > 0.0


def test_an_error_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        error_variance(20.0, 100)


def test_no_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        error_variance(0.2, 0)


def test_one_seed_has_the_expected_variance() -> None:
    assert mean_error_variance([0.2], 500) == pytest.approx(error_variance(0.2, 500))


def test_two_seeds_that_agree_by_chance_are_not_free_of_noise() -> None:
    agreeing = mean_error_variance([0.2, 0.2], 500)
    assert 0.3 * error_variance(0.2, 500) < agreeing < 0.5 * error_variance(0.2, 500)


def test_seeds_that_disagree_raise_the_variance() -> None:
    assert mean_error_variance([0.1, 0.3], 500) > 3 * mean_error_variance([0.2, 0.2], 500)


def test_many_seeds_speak_for_themselves() -> None:
    errors = np.random.default_rng(0).normal(0.3, 0.05, 4000)
    assert mean_error_variance(errors.tolist(), 500) == pytest.approx(0.05**2 / 4000, rel=0.1)


def test_no_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="one or more"):
        mean_error_variance([], 500)


def test_without_examples_only_the_seeds_count() -> None:
    assert error_variance(0.3, None, 0.02) == pytest.approx(0.02**2)
    assert mean_error_variance([0.3, 0.3], None, 0.02) == pytest.approx(4 / 5 * 0.02**2 / 2)
