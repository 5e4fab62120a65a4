import pytest
from powered_device import PoweredDevice, PoweredMeter

from device_agents.clock import ManualClock
from device_agents.energy import can_measure, energy_pass
from device_agents.energy_plan import EnergyPlan
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import PowerTrace
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter
from device_agents.sampler import Subject

IDLE_W, BUSY_W, CALL_S = 4.0, 10.0, 0.02


def run(device=None, plan=None, *, parallel=False, contended=False, look=lambda: None, **meter):
    device = device or PoweredDevice(CALL_S, BUSY_W, IDLE_W)
    subject = device.subject(parallel=parallel)
    return energy_pass(
        device, PoweredMeter(device, **meter), subject, plan or EnergyPlan(), look=look, contended=contended
    )


def test_energy_per_call_is_power_times_the_time_of_a_call():
    found = run()
    assert found.energy_j.value == pytest.approx(BUSY_W * CALL_S)
    assert found.calls_per_s == pytest.approx(1 / CALL_S)
    assert len(found.energy_j.blocks) == len(found.busy_windows) == EnergyPlan().trials


def test_dynamic_energy_leaves_out_what_the_idle_device_uses():
    found = run()
    assert found.idle_power_w == pytest.approx(IDLE_W)
    assert found.dynamic_energy_j == pytest.approx((BUSY_W - IDLE_W) * CALL_S)
    assert not found.idle_differs(0.05)


def test_the_peak_is_a_moving_mean_and_not_a_raw_sample():
    spikes = iter(range(10**6))
    device = PoweredDevice(0.01, lambda time_s: 100.0 if next(spikes) % 500 == 250 else BUSY_W)  # one in five seconds
    found = run(device)
    assert found.peak_power_w.value == pytest.approx(BUSY_W + 0.01 * 90, rel=0.01)
    assert found.power_p99_w == pytest.approx(BUSY_W, rel=0.01)


def test_idle_powers_that_differ_are_told_apart():
    found = run(PoweredDevice(idle_w=lambda time_s: IDLE_W if time_s < 15 else 1.2 * IDLE_W))
    assert (found.idle_before_w, found.idle_after_w) == (pytest.approx(IDLE_W), pytest.approx(1.2 * IDLE_W))
    assert found.idle_differs(0.05)
    assert not found.idle_differs(0.25)


def test_windows_that_disagree_bring_more_windows_up_to_the_most():
    plan = EnergyPlan()
    restless = PoweredDevice(busy_w=lambda time_s: 8.0 if int(time_s) // 10 % 2 else 12.0)
    assert len(run(restless, plan).busy_windows) == plan.most_trials
    assert len(run(plan=plan).busy_windows) == plan.trials


def test_three_windows_have_to_agree_better_than_seven():
    plan = EnergyPlan(warm_up_s=0.0)
    powers = (1.0, 1.01, 0.99, 1.0, 1.0, 1.0, 1.0)  # three: 1.96 standard errors are 1.1 %, but 4.30 are 2.5 %
    started = 10.0 + 2 * plan.block_s
    device = PoweredDevice(0.01, lambda time_s: 10.0 * powers[min(6, max(0, int((time_s - started) // 10.0)))])
    assert len(run(device, plan).busy_windows) == 4


def test_a_model_is_warm_before_its_first_window():
    device = PoweredDevice(lambda time_s: 0.02 if time_s > 10.45 else 0.05)
    found = run(device)
    assert found.warm_up.steady
    assert found.energy_j.value == pytest.approx(BUSY_W * 0.02)
    assert found.energy_j.stderr == pytest.approx(0.0, abs=1e-9)


def test_the_device_is_looked_at_before_and_after_each_window_of_calls_while_it_is_hot():
    device, seen = PoweredDevice(), []
    run(device, look=lambda: seen.append((device.wall_s(), device.calls)))
    assert len(seen) == EnergyPlan().trials + 1
    assert seen[0][1] > 0
    assert seen[-1] == (pytest.approx(device.wall_s() - 10.0), device.calls)


def test_a_counter_is_compared_with_the_integral_of_the_power():
    assert run(counted=1.2).counter_difference == pytest.approx(0.2, abs=1e-3)
    assert run(counted=0.8).counter_difference == pytest.approx(-0.2, abs=1e-3)


def test_energy_without_a_counter_or_without_samples_is_compared_with_nothing():
    assert run(provenance=Provenance.MEASURED_SAMPLED).counter_difference is None
    assert run(samples=False).counter_difference is None


def test_a_meter_without_samples_has_energy_and_no_peak():
    found = run(samples=False)
    assert found.energy_j.value == pytest.approx(BUSY_W * CALL_S)
    assert found.peak_power_w is found.power_p99_w is found.drift.power is None


def test_without_a_sensor_there_are_no_joules():
    device = PoweredDevice()
    meter = NoMeter(device)
    assert not can_measure(meter)
    found = energy_pass(device, meter, device.subject(), EnergyPlan())
    assert found.energy_j is found.peak_power_w is found.dynamic_energy_j is found.idle_power_w is None
    assert found.counter_difference is None
    assert not found.idle_differs(0.0)


def test_a_replay_can_measure():
    assert can_measure(ReplayMeter(PowerTrace((0.0, 1.0), (1.0, 1.0))))


def test_a_call_that_fails_leaves_the_meter_ready_for_the_next_window():
    clock, calls = ManualClock(), []
    meter = NoMeter(clock)

    def broken():
        clock.advance(wall_s=1.0, cpu_s=1.0)
        calls.append(1)
        if len(calls) > 12:  # once warm
            raise RuntimeError("no such kernel")

    with pytest.raises(RuntimeError, match="no such kernel"):
        energy_pass(clock, meter, Subject(broken), EnergyPlan())
    meter.begin()


def test_a_clock_that_stands_still_is_refused():
    device = PoweredDevice()
    with pytest.raises(DeviceError, match="longer than 0 s"):
        run(device, EnergyPlan(idle_s=0.0))


def test_windows_know_what_the_device_did_in_them_and_when():
    windows = run().windows
    assert [window.phase.value for window in windows] == ["idle-before", "busy", "busy", "busy", "idle-after"]
    starts = [window.start_s for window in windows]
    assert starts == sorted(starts)
    assert starts[1] == pytest.approx(11.0, abs=0.1)  # after ten idle seconds and one of warming up
