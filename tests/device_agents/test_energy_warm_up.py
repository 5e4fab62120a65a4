from powered_device import PoweredDevice

from device_agents.energy_plan import EnergyPlan
from device_agents.energy_warm_up import warm_up


def warmed(call_s, *, stolen_s=0.0, parallel=False):
    device = PoweredDevice(call_s, stolen_s=stolen_s)
    return warm_up(device, device.call, EnergyPlan(), parallel=parallel)


def test_a_steady_model_takes_the_least_calls_and_seconds():
    found = warmed(0.02)
    assert found.steady
    assert 1.0 <= found.duration_s < 1.1
    found = warmed(0.3)
    assert found.steady
    assert 10 <= found.calls <= 12


def test_a_model_that_becomes_faster_is_waited_for():
    found = warmed(lambda time_s: 0.02 * (1.0 + max(0.0, 4.0 - time_s) / 4.0))
    assert found.steady
    assert 3.0 < found.duration_s < 5.5


def test_a_model_that_never_settles_is_given_up_at_the_limit_and_said_to_be_unsteady():
    found = warmed(lambda time_s: 0.02 * 1.1**time_s)
    assert not found.steady
    assert found.duration_s < EnergyPlan().warm_up_limit_s + 0.6


def test_others_on_the_machine_do_not_make_one_thread_unsteady_but_several():
    def stolen_s(time_s):
        return 0.02 * 1.2**time_s

    assert warmed(0.02, stolen_s=stolen_s).steady
    assert not warmed(0.02, stolen_s=stolen_s, parallel=True).steady


def test_a_model_too_slow_to_tell_ends_at_the_limit_and_counts_as_steady():
    found = warmed(12.0)
    assert (found.calls, found.steady) == (1, True)
    found = warmed(4.0)
    assert (found.calls, found.steady) == (3, True)
