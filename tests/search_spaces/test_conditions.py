"""Conditions: a parser that runs nothing but comparisons."""

import pytest

from search_spaces.conditions import Condition
from search_spaces.errors import SpaceError


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("width >= 4", True),
        ("hidden >= 4 * heads", True),
        ("hidden < 3", False),
        ("1 <= heads < 2", False),
        ("1 < heads <= 2", True),
        ("hidden % heads == 0 and not width > 8", True),
        ("hidden / heads != 8 or heads == 1", False),
        ("-hidden + 2 * 8 - heads // 2 == -1", True),
    ],
)
def test_conditions_are_arithmetic_comparisons(expression, expected):
    assert Condition(expression).holds({"hidden": 16, "heads": 2, "width": 8}) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "hidden.__class__ == 1",
        "(lambda: 1)() == 1",
        "[1] == [1]",
        "hidden ** 9 > 1",
        "hidden if heads else 2",
        "hidden",
        "4",
        "'a' == 'a'",
        "True == 1",
        "hidden in heads",
        "hidden >=",
        "",
        "(" * 150,
        "1 == 1 and " * 500 + "1 == 1",
    ],
)
def test_anything_else_is_refused(expression):
    with pytest.raises(SpaceError, match="condition"):
        Condition(expression)


def test_an_unknown_gene_is_named():
    with pytest.raises(SpaceError, match="unknown gene 'depth'; known are hidden, heads"):
        Condition("depth > 2")


def test_heads_and_feed_forward_cannot_be_tied():
    with pytest.raises(SpaceError, match="ties heads to feed_forward"):
        Condition("heads * 8 <= feed_forward")


def test_a_division_by_zero_is_told():
    with pytest.raises(SpaceError, match="divides by zero"):
        Condition("hidden / (heads - 2) > 1").holds({"hidden": 16, "heads": 2, "width": 8})
