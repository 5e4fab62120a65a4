import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agents.errors import DeviceError
from device_agents.meters.base import PowerTrace


def trace_of(times, power):
    return PowerTrace(tuple(map(float, times)), tuple(map(float, power)))


def test_energy_of_constant_power_is_power_times_time():
    assert trace_of([0, 1, 3], [2, 2, 2]).energy_j() == pytest.approx(6.0)


def test_a_single_sample_has_no_energy_and_its_own_power_as_peak():
    trace = trace_of([0], [5])
    assert trace.energy_j() == 0.0
    assert trace.peak_w() == 5.0


def test_a_spike_shorter_than_the_window_is_averaged():
    times = np.arange(0, 10.0005, 0.001)
    power = np.where((times >= 4) & (times < 4.1), 100.0, 10.0)
    assert trace_of(times, power).peak_w(1.0) == pytest.approx(19.0, rel=0.01)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 100), min_size=3, max_size=30), st.floats(0.3, 3.0))
def test_the_peak_is_the_brute_force_maximum_of_moving_means(power, width):
    times = np.linspace(0, 5, len(power))
    trace = trace_of(times, power)
    fine = np.linspace(0, 5, 5001)
    energy = np.interp(
        fine, times, np.concatenate([[0], np.cumsum(np.diff(times) * (np.array(power[1:]) + power[:-1]) / 2)])
    )
    starts = np.arange(0, 5 - width, 0.001)
    brute = (np.interp(starts + width, fine, energy) - np.interp(starts, fine, energy)).max() / width
    assert trace.peak_w(width) >= brute - 1e-6 * max(power) - 1e-9
    assert trace.peak_w(width) <= max(power) + 1e-9


def test_an_empty_trace_has_no_peak():
    with pytest.raises(DeviceError, match="empty power trace"):
        trace_of([], []).peak_w()


def test_times_must_rise():
    with pytest.raises(DeviceError, match="must rise"):
        trace_of([0, 0], [1, 1])


def test_each_time_needs_a_power():
    with pytest.raises(DeviceError, match="2 times and 1 powers"):
        trace_of([0, 1], [1])


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30))
def test_energy_is_the_trapezoidal_rule(power):
    times = np.cumsum(np.arange(1, len(power) + 1) / 10)
    assert trace_of(times, power).energy_j() == pytest.approx(np.trapezoid(power, times))
