from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protran.budgets import Budget, budgets_for
from protran.errors import InputError
from protran.quantities import Quantity

SELECTABLE = [quantity for quantity in Quantity if quantity.selectable]


@pytest.mark.parametrize(
    ("text", "quantity", "limit"),
    [
        ("latency<=20ms", Quantity.LATENCY_S, 0.02),
        ("  latency  <=  20 ms ", Quantity.LATENCY_S, 0.02),
        ("latency≤20ms", Quantity.LATENCY_S, 0.02),
        ("latency_s<=0.02", Quantity.LATENCY_S, 0.02),
        ("energy<=5 uJ", Quantity.ENERGY_J, 5e-6),
        ("peak-power<=2W", Quantity.PEAK_POWER_W, 2.0),
        ("power<=2W", Quantity.PEAK_POWER_W, 2.0),
        ("memory<=64kB", Quantity.MEMORY_BYTES, 64000.0),
        ("parameters<=5k", Quantity.PARAMETERS, 5000.0),
        ("error<=20%", Quantity.ERROR, 0.2),
        ("accuracy>=80%", Quantity.ERROR, 0.2),
        ("accuracy>=0.8", Quantity.ERROR, 0.2),
        ("core-seconds<=1ms", Quantity.CORE_SECONDS, 0.001),
    ],
)
def test_a_budget_is_read_in_si_units(text: str, quantity: Quantity, limit: float) -> None:
    budget = Budget.parse(text)
    assert (budget.quantity, budget.limit, budget.device) == (quantity, limit, None)


def test_a_budget_may_name_its_device() -> None:
    assert Budget.parse("latency@jetson<=20ms").device == "jetson"


@given(st.sampled_from(SELECTABLE), st.floats(1e-6, 1.0))
def test_a_described_budget_parses_to_the_same_limit(quantity: Quantity, limit: float) -> None:
    again = Budget.parse(Budget(quantity, limit).describe())
    assert again.quantity is quantity
    assert again.limit == pytest.approx(limit, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency<=20 parsecs", "unit of latency must be one of ns, us, ms, s; got 'parsecs'"),
        ("latency<=20", "unit of latency must be one of ns, us, ms, s; got none"),
        ("latency", "expected QUANTITY<=LIMIT, for example latency<=20ms or accuracy>=80%"),
        ("latency<20ms", "expected QUANTITY<=LIMIT, for example latency<=20ms or accuracy>=80%"),
        ("latency<=1ms<=2ms", "expected QUANTITY<=LIMIT, for example latency<=20ms or accuracy>=80%"),
        ("latency>=20ms", "latency can only be limited to at most a value: write latency<=…"),
        ("accuracy<=80%", "accuracy can only be limited to at least a value: write accuracy>=…"),
        ("accuracy>=80", "accuracy must be between 0 % and 100 % (or between 0 and 1), got '80'"),
        ("latency<=-1ms", "latency must be more than 0, got '-1ms'"),
        ("latency@<=1ms", "expected the name of a device behind @, got 'latency@'"),
        ("memory@jetson<=1MB", "memory depends on no device; write it without @jetson"),
        (
            "speed<=1ms",
            "quantity must be one of error, parameters, memory, latency, energy, peak-power, core-seconds; got 'speed'",
        ),
    ],
)
def test_a_bad_budget_is_one_sentence_that_quotes_it(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Budget.parse(text)
    assert str(caught.value) == f"budget {text!r}: {message}"


def test_no_budget_on_the_test_score() -> None:
    with pytest.raises(InputError, match="reported, never chosen by"):
        Budget.parse("test_error<=20%")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_budget_or_an_input_error(text: str) -> None:
    try:
        Budget.parse(text)
    except InputError as error:
        assert "\n" not in str(error)


def test_a_value_at_the_limit_meets_the_budget() -> None:
    budget = Budget.parse("latency<=20ms")
    assert budget.met_by(0.02)
    assert not budget.met_by(math.nextafter(0.02, 1))


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_value_that_is_not_known_does_not_meet_the_budget(value: float | None) -> None:
    budget = Budget.parse("latency<=20ms")
    assert not budget.met_by(value)
    assert budget.excess(value) == math.inf


def test_the_excess_is_a_part_of_the_limit() -> None:
    assert Budget.parse("latency<=20ms").excess(0.03) == pytest.approx(0.5)


def test_a_budget_holds_on_every_device_unless_it_names_one() -> None:
    budgets = budgets_for(["latency<=1ms", "energy@b<=1J", "memory<=1MB"], ["a", "b"])
    assert [budget.name for budget in budgets] == ["latency_s@a", "latency_s@b", "energy_j@b", "memory_bytes"]


def test_with_one_device_names_do_not_say_which() -> None:
    assert [budget.name for budget in budgets_for(["latency<=1ms"], ["a"])] == ["latency_s"]


def test_a_budget_on_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"device must be one of a, b; got 'c'"):
        budgets_for(["latency@c<=1ms"], ["a", "b"])


def test_a_budget_as_json_holds_the_limit_in_si_units_and_what_was_written() -> None:
    assert budgets_for(["latency<=20ms"], ["a"])[0].to_json() == {
        "name": "latency_s",
        "device": "a",
        "limit": 0.02,
        "unit": "s",
        "text": "latency<=20ms",
    }
