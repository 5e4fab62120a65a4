import pytest

from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from device_agents.repeats import mean_of, mean_of_repeats


def value(number, stderr=0.1):
    return Value(number, stderr, Provenance.MEASURED_COUNTER)


def test_repeats_that_agree_have_the_stated_error_of_their_mean():
    mean = mean_of([value(2.0), value(2.0), value(2.0), value(2.0)])
    assert (mean.value, mean.stderr) == (2.0, pytest.approx(0.05))


def test_repeats_that_differ_by_more_have_the_observed_error():
    mean = mean_of([value(1.0), value(3.0)])
    assert (mean.value, mean.stderr) == (2.0, pytest.approx(1.0))  # standard deviation sqrt(2), over sqrt(2)


def test_a_single_value_keeps_its_error_even_where_it_has_none():
    assert mean_of([value(2.0)]) == value(2.0)
    assert mean_of([value(2.0, None)]).stderr is None
    assert mean_of([value(1.0, None), value(3.0, None)]).stderr == pytest.approx(1.0)


def test_unavailable_values_are_left_out():
    assert mean_of([UNAVAILABLE, value(2.0)]) == value(2.0)
    assert mean_of([UNAVAILABLE]) is None
    assert mean_of([]) is None


def test_what_all_repeats_share_does_not_shrink_with_their_number():
    repeats = [
        Measurement(
            str(number),
            "device",
            MeasurementStatus.OK,
            values={"latency_s": value(1.0, 0.05), "energy_j": value(1.0, 0.05)},
            details={"reference_ratio_stderr": 0.04},
        )
        for number in range(9)
    ]
    # each error of .05 is .03 of its own and .04 that all share
    assert mean_of_repeats(repeats, "latency_s").stderr == pytest.approx((0.01**2 + 0.04**2) ** 0.5)
    assert mean_of_repeats(repeats, "energy_j").stderr == pytest.approx(0.05 / 3)
    assert mean_of_repeats(repeats, "peak_power_w") is None
