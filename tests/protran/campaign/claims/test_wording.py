from __future__ import annotations

import dataclasses

import pytest

from device_agents.measurement import Provenance, Value
from protran.campaign.claims.difference import Difference
from protran.campaign.claims.measures import MEASURES
from protran.campaign.claims.ratio import Ratio
from protran.campaign.claims.wording import costs_text, difference_text, number_text, times_text

LATENCY = MEASURES[0]


def test_less_is_told_by_the_inverse_and_its_interval() -> None:
    assert times_text(Ratio(0.25, 0.2, 0.5), LATENCY) == "4.00 (2.00 to 5.00) times lower latency"
    assert times_text(Ratio(4.0, 2.0, 5.0), LATENCY) == "4.00 (2.00 to 5.00) times higher latency"


def test_an_interval_that_holds_one_is_not_called_lower(compared, reference_values) -> None:
    text = costs_text(compared(1, 0.2, 0.99e-3), reference_values)
    assert "latency 0.990 (0.937 to 1.05) times (measured-counter)" in text.partition("not told apart: ")[2]
    assert "lower latency" not in text


def test_sides_of_different_provenance_are_told_so(compared, reference_values) -> None:
    reference_values["latency_s"] = Value(1e-3, 2e-5, Provenance.SIMULATED)
    assert "lower latency (measured-counter against simulated)" in costs_text(compared(1, 0.2, 1e-4), reference_values)


def test_a_ratio_of_unknown_error_claims_nothing(compared, reference_values) -> None:
    member = compared(1, 0.2, 1e-4)
    member = dataclasses.replace(member, ratios={"memory_bytes": Ratio(0.1, None, None)})
    text = costs_text(member, reference_values)
    assert text.startswith("has no measure told apart; not told apart: memory 0.100 times, of unknown error (exact)")


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Difference(0.012, 0.02, 0.04, 3, 0.1), "+1.2 ± 2.0 points, at most +5.2"),
        (
            Difference(0.012, 0.02, 0.04, 3, 0.1, 0.03, 0.06),
            "+1.2 ± 2.0 points, at most +5.2 (on other recordings +7.2)",
        ),
        (Difference(-0.05, 0.02, 0.04, 3, 0.1), "-5.0 ± 2.0 points, at most -1.0"),
        (Difference(0.0, 0.0, 0.0, 3, 0.0), "+0.0 points"),
        (Difference(0.01, None, None, 0, 0.1), "+1.0 points by one seed each, whose error is not known"),
    ],
)
def test_differences_are_in_points(difference: Difference, text: str) -> None:
    assert difference_text(difference) == text


@pytest.mark.parametrize(("number", "text"), [(12.0, "12.0"), (123.4, "123"), (0.01234, "0.0123"), (12345.0, "12,345")])
def test_ratios_have_three_digits(number: float, text: str) -> None:
    assert number_text(number) == text
