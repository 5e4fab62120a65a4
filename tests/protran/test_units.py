from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.errors import InputError
from protran.units import Unit, format_value, format_with_error, parse_value

SYMBOLS = [(unit, symbol) for unit in Unit for symbol in unit.symbols]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("20ms", Unit.SECOND, 0.02),
        ("0.1 us", Unit.SECOND, 1e-7),
        ("7ns", Unit.SECOND, 7e-9),
        ("3 µJ", Unit.JOULE, 3e-6),
        ("3 \u03bcJ", Unit.JOULE, 3e-6),
        (".5mW", Unit.WATT, 0.0005),
        ("64KiB", Unit.BYTE, 65536.0),
        ("64kB", Unit.BYTE, 64000.0),
        ("1.5 GiB", Unit.BYTE, 1.5 * 2**30),
        ("80%", Unit.FRACTION, 0.8),
        ("0.8", Unit.FRACTION, 0.8),
        ("4.4M", Unit.COUNT, 4_400_000.0),
        ("1e3", Unit.COUNT, 1000.0),
    ],
)
def test_a_written_value_is_the_nearest_float_in_si_units(text: str, unit: Unit, expected: float) -> None:
    assert parse_value(text, unit, quantity="x") == expected


@given(st.sampled_from(SYMBOLS), st.floats(1e-6, 1e6, allow_nan=False))
def test_what_is_written_with_a_symbol_is_read_back(unit_symbol: tuple[Unit, str], number: float) -> None:
    unit, symbol = unit_symbol
    value = parse_value(f"{number!r}{symbol}", unit, quantity="x")
    assert value == pytest.approx(number * float(unit.symbols[symbol]), rel=1e-15)


@given(st.sampled_from(list(Unit)), st.floats(1e-12, 1e14))
def test_a_formatted_value_parses_to_the_same_value(unit: Unit, value: float) -> None:
    text = format_value(value, unit, digits=17)
    assert parse_value(text, unit, quantity="x") == pytest.approx(value, rel=1e-14)


@given(st.sampled_from(list(Unit)), st.floats(1e-9, 1e12), st.integers(1, 6))
def test_a_formatted_value_is_off_by_at_most_half_a_digit(unit: Unit, value: float, digits: int) -> None:
    text = format_value(value, unit, digits=digits)
    assert parse_value(text, unit, quantity="x") == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.00231, "s", "2.31 ms"),
        (999.9e-6, "s", "1 ms"),
        (0.1734, "fraction", "17.3 %"),
        (64_000, "B", "64 kB"),
        (123_456, "count", "123 k"),
        (0.0, "s", "0 s"),
        (-0.002, "s", "-2 ms"),
        (math.inf, "s", "inf s"),
        (None, "s", "-"),
        (math.nan, "s", "-"),
    ],
)
def test_a_value_is_shown_in_the_unit_that_suits_it(value: float | None, unit: str, expected: str) -> None:
    assert format_value(value, unit) == expected


def test_an_error_is_shown_in_the_unit_of_its_value() -> None:
    assert format_with_error(0.0023104, 0.0000312, "s") == "2.310 ± 0.031 ms"


def test_a_value_without_error_is_shown_alone() -> None:
    assert format_with_error(0.0023104, 0.0, "s") == "2.31 ms"


def test_an_unknown_unit_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"^unit of latency must be one of ns, us, ms, s; got 'parsecs'$"):
        parse_value("20 parsecs", Unit.SECOND, quantity="latency")


def test_the_case_of_a_unit_matters() -> None:
    with pytest.raises(InputError, match="got 'MS'"):
        parse_value("20MS", Unit.SECOND, quantity="latency")


def test_a_number_without_a_unit_is_refused() -> None:
    with pytest.raises(InputError, match="got none"):
        parse_value("20", Unit.SECOND, quantity="latency")


def test_a_number_without_a_unit_is_in_si_units_where_the_name_says_so() -> None:
    assert parse_value("0.02", Unit.SECOND, quantity="latency_s", bare=True) == 0.02


@pytest.mark.parametrize("text", ["", "ms", "twenty ms", "--3ms", "nan s", "inf s", "0x10 s"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="latency"):
        parse_value(text, Unit.SECOND, quantity="latency")


def test_a_number_beyond_all_floats_is_refused() -> None:
    with pytest.raises(InputError, match="out of range"):
        parse_value("1e999s", Unit.SECOND, quantity="latency")
