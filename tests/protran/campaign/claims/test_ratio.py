from __future__ import annotations

import math

import numpy as np
import pytest

from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from protran.campaign.claims.ratio import Ratio, ratio_of, shared_scale
from protran.campaign.findings import Findings
from search_spaces.presets import preset

T1, T2 = preset("t1")[0], preset("t2")[0]


def measured(number: float, stderr: float | None) -> Value:
    return Value(number, stderr, Provenance.MEASURED_COUNTER)


def test_the_interval_is_that_of_the_delta_method_on_logarithms() -> None:
    ratio = ratio_of(measured(2.0, 0.06), measured(4.0, 0.16), 0.95)
    reach = 1.959964 * math.hypot(0.03, 0.04)
    assert ratio is not None
    assert ratio.value == 0.5
    assert (ratio.low, ratio.high) == pytest.approx((0.5 * math.exp(-reach), 0.5 * math.exp(reach)), rel=1e-6)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_cover_the_true_ratio_as_often_as_they_say(confidence: float) -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(4000):
        top, bottom = generator.normal(3.0, 0.18), generator.normal(10.0, 0.9)
        ratio = ratio_of(measured(top, 0.18), measured(bottom, 0.9), confidence)
        assert ratio is not None and ratio.low is not None and ratio.high is not None
        covered += ratio.low <= 0.3 <= ratio.high
    assert covered / 4000 == pytest.approx(confidence, abs=0.02)


def test_what_both_sides_share_cancels() -> None:
    own, shared = 0.02, 0.1
    both = math.hypot(own, shared)
    ratio = ratio_of(measured(1.0, both), measured(2.0, 2 * both), 0.95, shared=shared)
    apart = ratio_of(measured(1.0, own), measured(2.0, 2 * own), 0.95)
    assert ratio is not None and apart is not None
    assert (ratio.low, ratio.high) == pytest.approx((apart.low, apart.high))


def test_counts_have_an_exact_ratio() -> None:
    ratio = ratio_of(Value(10.0, 0.0, Provenance.EXACT), Value(40.0, 0.0, Provenance.EXACT), 0.95)
    assert ratio == Ratio(0.25, 0.25, 0.25)
    assert ratio.exact and ratio.below_one and not ratio.above_one


def test_without_an_error_on_one_side_nothing_is_lower_or_higher() -> None:
    ratio = ratio_of(measured(1.0, None), measured(40.0, 0.1), 0.95)
    assert ratio == Ratio(0.025, None, None)
    assert not (ratio.exact or ratio.below_one or ratio.above_one)
    assert ratio.inverse() == Ratio(40.0, None, None)


@pytest.mark.parametrize("missing", [None, UNAVAILABLE, measured(0.0, 0.1)])
def test_what_is_unavailable_has_no_ratio(missing: Value | None) -> None:
    assert ratio_of(missing, measured(1.0, 0.1), 0.95) is None
    assert ratio_of(measured(1.0, 0.1), missing, 0.95) is None


def test_the_inverse_turns_the_interval_round() -> None:
    assert Ratio(0.5, 0.25, 1.0).inverse() == Ratio(2.0, 1.0, 4.0)


def findings(candidate, *scales: tuple[float, float]) -> Findings:
    found = Findings()
    for latency_s, stderr in scales:
        details = {"reference_latency_s": latency_s, "reference_ratio_stderr": stderr}
        found.measured[candidate.key, "pi"].append(Measurement("r", "pi", MeasurementStatus.OK, details=details))
    return found


def test_latencies_that_lean_on_one_reference_model_share_its_error() -> None:
    sides = ((findings(T1, (0.001, 0.02), (0.001, 0.02)), T1), (findings(T2, (0.001, 0.02)), T2))
    assert shared_scale(sides, "pi") == 0.02


def test_latencies_that_lean_on_several_share_nothing() -> None:
    sides = ((findings(T1, (0.001, 0.02)), T1), (findings(T2, (0.004, 0.02)), T2))
    assert shared_scale(sides, "pi") == 0.0
    assert shared_scale(((Findings(), T1), (Findings(), T2)), "pi") == 0.0
