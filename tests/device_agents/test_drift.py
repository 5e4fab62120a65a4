import numpy as np
import pytest
from powered_device import PoweredDevice, PoweredMeter

from device_agents.drift import change, drift_of
from device_agents.energy_windows import busy_window


def windows_of(device, count=3, samples=True):
    meter = PoweredMeter(device, samples=samples)
    return [busy_window(device, meter, device.call, window_s=10.0, block_s=0.5) for _ in range(count)]


def drift(device, *, parallel=False, contended=False, **options):
    return drift_of(windows_of(device, **options), parallel=parallel, contended=contended, block_s=0.5)


def test_on_a_quiet_machine_a_change_is_the_plain_difference():
    assert change([1.0] * 20, [1.03] * 20) == pytest.approx(0.03)
    assert change([1.03] * 20, [1.0] * 20) == pytest.approx(-0.03)
    assert change([1.0] * 20, [1.0] * 20) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_scatter_alone_is_no_change(seed):
    generator = np.random.default_rng(seed)
    first, last = generator.normal(1.0, 0.05, 20), generator.normal(1.0, 0.05, 20)
    assert abs(change(list(first), list(last))) < 0.02


def test_a_change_larger_than_the_scatter_is_seen():
    generator = np.random.default_rng(0)
    assert change(list(generator.normal(1.0, 0.02, 20)), list(generator.normal(1.2, 0.02, 20))) > 0.1


def test_two_blocks_say_nothing():
    assert change([1.0, 1.0], [2.0] * 20) is None
    assert change([1.0] * 20, [2.0] * 2) is None


def test_what_a_clock_is_too_coarse_to_see_says_nothing():
    assert change([0.0] * 20, [1.0] * 20) is None


def test_a_steady_device_does_not_drift():
    found = drift(PoweredDevice())
    assert found.call_time == found.power == pytest.approx(0.0, abs=1e-9)
    assert found.clean_share == 1.0
    assert not found.exceeds(0.02)


def test_calls_that_take_longer_in_the_last_window_are_drift():
    found = drift(PoweredDevice(lambda time_s: 0.02 if time_s < 20 else 0.021))
    assert found.call_time == pytest.approx(0.05)
    assert found.exceeds(0.02)


def test_power_that_changes_is_drift_though_calls_are_as_fast():
    found = drift(PoweredDevice(busy_w=lambda time_s: 10.0 if time_s < 20 else 9.0))
    assert found.call_time == pytest.approx(0.0, abs=1e-9)
    assert found.power == pytest.approx(-1 / 9)
    assert found.exceeds(0.02)


def test_without_power_samples_only_the_time_of_calls_can_drift():
    found = drift(PoweredDevice(busy_w=lambda time_s: 10.0 if time_s < 20 else 9.0), samples=False)
    assert found.power is None
    assert not found.exceeds(0.02)


def test_others_who_come_during_the_last_window_are_contention_and_no_drift():
    device = PoweredDevice(
        busy_w=lambda time_s: 10.0 if time_s < 10 else 14.0, stolen_s=lambda time_s: 0.0 if time_s < 10 else 0.01
    )
    found = drift(device)
    assert found.contended
    assert found.power is None
    assert found.call_time == pytest.approx(0.0, abs=1e-9)
    assert not found.exceeds(0.02)


def test_a_device_that_slows_down_on_a_contended_machine_is_seen_by_its_cpu_time():
    found = drift(PoweredDevice(lambda time_s: 0.02 if time_s < 15 else 0.022, stolen_s=0.01))
    assert found.contended
    assert found.call_time == pytest.approx(0.1)


def test_others_who_disturb_most_blocks_of_the_last_window_leave_the_best_ones_to_judge_by():
    turns = iter(range(10**6))
    device = PoweredDevice(lambda time_s: 0.02 if time_s < 20 or next(turns) // 25 % 5 == 0 else 0.023, stolen_s=0.01)
    assert not drift(device).exceeds(0.02)


def test_several_threads_on_a_contended_machine_leave_nothing_to_judge_by():
    device = PoweredDevice(lambda time_s: 0.02 if time_s < 20 else 0.03)
    found = drift(device, parallel=True, contended=True)
    assert found.call_time is found.power is found.clean_share is None
    assert not found.exceeds(0.02)
    assert not found.contended


def test_several_threads_on_a_quiet_machine_are_judged_by_wall_time():
    device = PoweredDevice(lambda time_s: 0.02 if time_s < 20 else 0.03)
    assert drift(device, parallel=True).call_time == pytest.approx(0.5)
