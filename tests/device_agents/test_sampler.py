import pytest

from device_agents.clock import ManualClock
from device_agents.sampler import Sampler, Subject
from device_agents.sampling_plan import LatencyPlan


def sampler(call_s, *, cold=(), prepare=lambda: None, parallel=False, plan=None):
    """A sampler of a model whose first calls take `cold` seconds and all later ones `call_s`, and its log of calls."""
    clock, calls = ManualClock(), []

    def call():
        used = cold[len(calls)] if len(calls) < len(cold) else call_s
        calls.append(used)
        clock.advance(wall_s=used, cpu_s=2 * used if parallel else used)

    return Sampler(clock, Subject(call, prepare, parallel), plan or LatencyPlan()), calls


def test_a_steady_model_is_warm_after_two_groups_of_calls():
    found, calls = sampler(1e-3)
    assert len(calls) == LatencyPlan().warm_up_calls
    assert found.steady


def test_slow_first_calls_are_warmed_away():
    found, calls = sampler(1e-3, cold=[3.7e-3, 2e-3, 2e-3, 2e-3, 2e-3, 2e-3])
    assert len(calls) > LatencyPlan().warm_up_calls
    assert found.call_s == pytest.approx(1e-3)


def test_a_model_that_never_gets_steady_says_so():
    found, _ = sampler(0.0, cold=[0.04 * 0.9**index for index in range(100)])
    assert not found.steady


def test_a_slow_model_is_called_once_to_warm_up_and_nothing_speaks_against_it():
    found, calls = sampler(5.0)
    assert calls == [5.0]
    assert found.steady


def test_a_sample_is_the_mean_of_its_repeats():
    found, _ = sampler(1e-4, plan=LatencyPlan(sample_s=0.002))
    sample = found.take(settle=True)
    assert found.repeats == 20
    assert sample.wall_s == sample.cpu_s == pytest.approx(1e-4)


def test_settling_calls_the_model_untimed_for_about_the_planned_time():
    found, calls = sampler(1e-3)
    before = len(calls)
    found.take(settle=False)
    unsettled = len(calls) - before
    found.take(settle=True)
    assert len(calls) - before - unsettled == unsettled + 2


def test_a_model_too_slow_to_gain_from_settling_is_not_settled():
    found, calls = sampler(0.03)
    before = len(calls)
    found.take(settle=True)
    assert len(calls) - before == 1


def test_a_clock_that_does_not_see_a_call_is_survived():
    found, _ = sampler(0.0, plan=LatencyPlan(sample_s=1e-6, settle_s=1e-6))
    assert found.take(settle=True).wall_s == 0.0


def test_every_call_of_the_model_counts_as_model_time():
    found, calls = sampler(1e-3)
    found.take(settle=True)
    assert found.model_s == pytest.approx(sum(calls))


def test_a_parallel_model_is_timed_by_the_wall():
    found, _ = sampler(1e-3, parallel=True)
    assert found.call_s == pytest.approx(1e-3)
