import numpy as np
import pytest

from device_agents.clock import ManualClock
from device_agents.energy import EnergyPlan, can_measure, energy_pass
from device_agents.errors import DeviceError
from device_agents.meters.base import PowerTrace
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter

IDLE_W, BUSY_W, CALL_S = 4.0, 10.0, 0.02


def recorded(plan, busy_w=None, idle_after_w=IDLE_W):
    """Idle, as many busy windows as may be asked for, then idle: at 100 Hz."""
    powers = busy_w or [BUSY_W] * plan.trials
    times = np.arange(0, 2 * plan.idle_s + len(powers) * plan.window_s + 1, 0.01)
    busy = (times >= plan.idle_s) & (times < plan.idle_s + len(powers) * plan.window_s)
    window = np.clip(((times - plan.idle_s) // plan.window_s).astype(int), 0, len(powers) - 1)
    power = np.where(busy, np.asarray(powers)[window], np.where(times < plan.idle_s, IDLE_W, idle_after_w))
    return PowerTrace(tuple(map(float, times)), tuple(map(float, power)))


def run(trace, plan):
    clock = ManualClock()
    return energy_pass(clock, ReplayMeter(trace, clock), lambda: clock.advance(wall_s=CALL_S, cpu_s=CALL_S), plan)


def test_energy_per_call_is_power_times_the_time_of_a_call():
    plan = EnergyPlan()
    found = run(recorded(plan), plan)
    assert found.energy_j.value == pytest.approx(BUSY_W * CALL_S, rel=0.01)
    assert found.calls_per_s == pytest.approx(1 / CALL_S, rel=0.01)
    assert len(found.energy_j.blocks) == plan.trials


def test_dynamic_energy_leaves_out_what_the_idle_device_uses():
    plan = EnergyPlan()
    found = run(recorded(plan), plan)
    assert found.idle_power_w == pytest.approx(IDLE_W, rel=0.01)
    assert found.dynamic_energy_j == pytest.approx((BUSY_W - IDLE_W) * CALL_S, rel=0.02)
    assert not found.idle_differs


def test_the_peak_is_a_moving_mean_and_not_a_raw_sample():
    plan = EnergyPlan()
    trace = recorded(plan)
    power = np.asarray(trace.power_w)
    power[[1500, 2500, 3500]] = 100.0  # one sample of 10 ms in each window of calls
    found = run(PowerTrace(trace.times_s, tuple(map(float, power))), plan)
    assert found.peak_power_w.value == pytest.approx(BUSY_W + 0.01 * 90, rel=0.01)
    assert found.power_p99_w == pytest.approx(BUSY_W, rel=0.01)


def test_idle_powers_that_differ_are_flagged():
    plan = EnergyPlan()
    assert run(recorded(plan, idle_after_w=1.2 * IDLE_W), plan).idle_differs


def test_windows_that_disagree_bring_more_windows_up_to_the_most():
    plan = EnergyPlan()
    assert len(run(recorded(plan, [8.0, 12.0] * 4), plan).energy_j.blocks) == plan.most_trials
    assert len(run(recorded(plan), plan).energy_j.blocks) == plan.trials


def test_without_a_sensor_there_are_no_joules():
    clock = ManualClock()
    meter = NoMeter(clock)
    assert not can_measure(meter)
    found = energy_pass(clock, meter, lambda: clock.advance(wall_s=CALL_S, cpu_s=CALL_S), EnergyPlan())
    assert found.energy_j is found.peak_power_w is found.dynamic_energy_j is found.power_p99_w is None


def test_a_replay_can_measure():
    plan = EnergyPlan()
    assert can_measure(ReplayMeter(recorded(plan)))


def test_a_call_that_fails_leaves_the_meter_ready_for_the_next_window():
    plan, clock = EnergyPlan(), ManualClock()
    meter = ReplayMeter(recorded(plan), clock)

    def broken():
        raise RuntimeError("no such kernel")

    with pytest.raises(RuntimeError, match="no such kernel"):
        energy_pass(clock, meter, broken, plan)
    meter.begin()


def test_a_clock_that_stands_still_is_refused():
    clock = ManualClock()
    with pytest.raises(DeviceError, match="longer than 0 s"):
        energy_pass(clock, NoMeter(clock), lambda: None, EnergyPlan(idle_s=0.0))
