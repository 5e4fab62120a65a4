from __future__ import annotations

import pytest

from protran.report.scale import Scale, scale_for


@pytest.mark.parametrize(
    ("values", "unit", "symbol"),
    [
        ([0.0018, 0.0022], "s", "ms"),
        ([3e-5], "s", "us"),
        ([2.0, 3.0], "s", "s"),
        ([4e5], "B", "kB"),
        ([0.004], "J", "mJ"),
        ([12.0], "W", "W"),
        ([20_000], "count", "k"),
        ([0.2], "fraction", "%"),
        ([1e-12], "s", "ns"),
    ],
)
def test_the_median_chooses_the_unit(values: list[float], unit: str, symbol: str) -> None:
    assert scale_for(values, unit).symbol == symbol


def test_a_share_is_read_in_per_cent() -> None:
    assert scale_for([0.17], "fraction").write(0.173, 0.012) == "17.3 ± 1.2"


@pytest.mark.parametrize("values", [[], [None], [0.0]])
def test_without_a_size_the_base_unit_is_taken(values: list[float | None]) -> None:
    assert scale_for(values, "s") == Scale(1.0, "s")


def test_the_error_sets_the_decimals_of_the_value() -> None:
    assert Scale(1e-3, "ms").write(0.0018234, 0.0000312) == "1.823 ± 0.031"


def test_a_large_error_leaves_whole_numbers() -> None:
    assert Scale(1.0, "B").write(1234.5, 321.0) == "1234 ± 321"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (float("nan"), "-"), (0.0, "0"), (1.5, "1.5"), (123456.0, "123,456"), (0.0123456, "0.01235")],
)
def test_a_value_without_an_error_has_four_digits(value: float | None, text: str) -> None:
    assert Scale(1.0, "").write(value) == text


def test_a_value_that_is_exact_shows_no_error() -> None:
    assert Scale(1e3, "kB").write(48_200.0, 0.0) == "48.2"
