import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from device_agents.repeats import mean_of


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
