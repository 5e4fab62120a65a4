from __future__ import annotations

import math

import pytest

from protran.report.page.rounding import evenly, rounded


def test_a_figure_keeps_so_many_significant_digits() -> None:
    assert rounded(0.00123456789, 4) == 0.001235


@pytest.mark.parametrize("number", [None, math.nan, math.inf])
def test_what_is_not_known_stays_so(number: float | None) -> None:
    assert rounded(number) is None


def test_a_few_items_all_stay() -> None:
    assert evenly("abc", 3) == ["a", "b", "c"]


def test_many_items_are_thinned_evenly_and_keep_their_ends() -> None:
    kept = evenly(range(1000), 5)
    assert kept == [0, 250, 500, 749, 999]


@pytest.mark.parametrize("most", [0, -3])
def test_none_are_kept_where_none_may_be(most: int) -> None:
    assert evenly([1, 2], most) == []
