"""The latency pass on a manual clock: every time is injected, so every figure is known."""

import random

import numpy as np
import pytest

from device_agents.clock import ManualClock
from device_agents.procedure import LatencyPass
from device_agents.sampler import Subject
from device_agents.sampling_plan import LatencyPlan

REFERENCE_S = 0.001


class FakeModel:
    """Calls that take `call_s` of CPU, times the machine's momentary speed, plus what others steal of wall time."""

    def __init__(
        self, clock, call_s, *, speed=lambda: 1.0, stolen_s=lambda: 0.0, cores=1, cold=(), own_noise=lambda: 1.0
    ):
        self.clock, self.call_s, self.speed, self.stolen_s, self.cores = clock, call_s, speed, stolen_s, cores
        self.cold, self.own_noise, self.calls, self.prepared = list(cold), own_noise, 0, 0

    def __call__(self):
        factor = self.cold[self.calls] if self.calls < len(self.cold) else 1.0
        self.calls += 1
        used = self.call_s * factor * self.speed() * self.own_noise()
        self.clock.advance(wall_s=used + self.stolen_s(), cpu_s=used * self.cores)

    def prepare(self):
        self.prepared += 1

    def subject(self):
        return Subject(self, self.prepare, parallel=self.cores > 1)


def run(candidate_s, *, plan=None, seed=0, reference_options=None, **options):
    clock = ManualClock()
    candidate = FakeModel(clock, candidate_s, **options)
    reference = FakeModel(clock, REFERENCE_S, **(reference_options or {}))
    latency_pass = LatencyPass(clock, plan or LatencyPlan(), random.Random(seed))
    return latency_pass.paired(candidate.subject(), reference.subject()), candidate, reference


@pytest.mark.parametrize("candidate_s", [2e-5, 3e-4, 1e-3, 7e-3, 0.1])
def test_on_a_quiet_machine_the_ratio_is_exact(candidate_s):
    found, _, _ = run(candidate_s)
    assert found.ratio.value == pytest.approx(candidate_s / REFERENCE_S)
    assert found.ratio.stderr == pytest.approx(0.0, abs=1e-9)
    assert found.reference.latency_s == pytest.approx(REFERENCE_S)
    assert not found.contended
    assert found.steady


def test_an_identical_model_has_the_ratio_one():
    assert run(REFERENCE_S)[0].ratio.value == pytest.approx(1.0)


def test_a_machine_that_changes_speed_from_pair_to_pair_does_not_change_the_ratio():
    generator = np.random.default_rng(0)
    state = {"speed": 1.0, "calls": 0}

    def speed():
        state["calls"] += 1
        if state["calls"] % 400 == 0:
            state["speed"] = float(generator.uniform(1.0, 2.0))
        return state["speed"]

    found, candidate, _ = run(5e-4, speed=speed, reference_options={"speed": speed})
    assert found.ratio.value == pytest.approx(0.5, rel=0.01)
    assert candidate.calls > 400


def test_preemption_is_seen_as_contention_and_does_not_touch_the_ratio_of_cpu_times():
    found, _, _ = run(1e-3, stolen_s=lambda: 5e-4, reference_options={"stolen_s": lambda: 5e-4})
    assert found.contended
    assert found.clean_share == 0.0
    assert found.ratio.value == pytest.approx(1.0)
    assert found.candidate_wall_s == pytest.approx(1.5e-3)
    assert found.candidate_cpu_s == pytest.approx(1e-3)


def test_outliers_in_a_third_of_the_samples_do_not_move_the_ratio():
    generator = np.random.default_rng(1)  # a sample of this model is eight calls
    found, _, _ = run(2e-3, own_noise=lambda: 20.0 if generator.random() < 0.05 else 1.0)
    assert found.ratio.value == pytest.approx(2.0)


def test_noise_shows_in_the_standard_error_as_the_scatter_of_repeated_passes():
    results = []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        noise = lambda generator=generator: float(generator.normal(1.0, 0.1))  # noqa: E731
        results.append(run(2e-3, seed=seed, own_noise=noise)[0].ratio)
    scatter = np.std([ratio.value for ratio in results])
    stated = np.sqrt(np.mean([ratio.stderr**2 for ratio in results]))
    assert 0.6 * scatter < stated < 1.5 * scatter
    assert np.mean([ratio.value for ratio in results]) == pytest.approx(2.0, rel=0.01)


def test_a_quiet_pass_stops_at_the_floor_and_a_noisy_one_at_the_budget():
    generator = np.random.default_rng(2)
    plan = LatencyPlan()
    quiet, _, _ = run(1e-3, plan=plan)
    noisy, _, _ = run(1e-3, plan=plan, own_noise=lambda: float(generator.lognormal(0.0, 0.5)))
    assert quiet.pairs == plan.floor_pairs
    assert noisy.pairs > plan.floor_pairs
    assert noisy.elapsed_s == pytest.approx(plan.budget_cpu_s, abs=2 * plan.warm_up_s + 0.1)


def test_a_busy_machine_gets_more_time_but_not_for_ever():
    generator = np.random.default_rng(3)
    plan = LatencyPlan(budget_cpu_s=1.0, longest_s=3.0)
    disturbed = {"own_noise": lambda: float(generator.lognormal(0.0, 0.5)), "stolen_s": lambda: 2e-3}
    half, _, _ = run(1e-3, plan=plan, reference_options={"stolen_s": lambda: 1e-4}, **disturbed)
    assert plan.budget_cpu_s < half.elapsed_s < plan.longest_s
    starved, _, _ = run(1e-3, plan=plan, reference_options={"stolen_s": lambda: 0.02}, **disturbed)
    assert starved.elapsed_s == pytest.approx(plan.longest_s, abs=2 * plan.warm_up_s + 0.1)


def test_a_slow_model_ends_with_the_minimum_of_pairs_and_says_so():
    found, candidate, _ = run(1.0)
    assert found.pairs == LatencyPlan().minimum_pairs
    assert found.few_samples
    assert candidate.calls == found.pairs + 1  # one call to warm up


def test_samples_of_a_tiny_model_last_as_long_as_the_plan_says():
    found, _, _ = run(1e-5)
    assert found.candidate_repeats * 1e-5 == pytest.approx(LatencyPlan().sample_s)
    assert found.reference_repeats * REFERENCE_S == pytest.approx(LatencyPlan().sample_s)


def test_beside_a_slow_model_samples_of_the_reference_last_longer():
    found, _, _ = run(0.08)
    assert found.candidate_repeats == 1
    assert found.reference_repeats * REFERENCE_S == pytest.approx(0.02)


def test_slow_first_calls_are_warmed_away():
    found, _, _ = run(2e-3, cold=[3.7, 1.1, 1.07, 1.03, 1.03, 1.03])
    assert found.ratio.value == pytest.approx(2.0)
    assert found.ratio.stderr == pytest.approx(0.0, abs=1e-9)


def test_several_threads_are_compared_by_wall_time():
    found, _, _ = run(5e-4, cores=2)
    assert found.ratio.value == pytest.approx(0.5)
    assert found.cpu_ratio.value == pytest.approx(1.0)
    assert not found.contended  # CPU time beyond wall time is no contention


def test_both_orders_of_a_pair_occur_and_the_seed_decides_them():
    def order(seed):
        clock, seen = ManualClock(), []

        def call(name):
            seen.append(name)
            clock.advance(wall_s=0.03, cpu_s=0.03)

        subjects = (Subject(lambda: call("candidate")), Subject(lambda: call("reference")))
        LatencyPass(clock, LatencyPlan(), random.Random(seed)).paired(*subjects)
        return seen

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_each_sample_is_prepared():
    found, candidate, reference = run(1e-3)
    assert candidate.prepared == reference.prepared == found.pairs + 1


def test_time_outside_the_models_is_told_apart():
    clock = ManualClock()
    slow_to_prepare = Subject(
        lambda: clock.advance(wall_s=1e-3, cpu_s=1e-3), prepare=lambda: clock.advance(wall_s=1e-4, cpu_s=1e-4)
    )
    found = LatencyPass(clock, LatencyPlan(), random.Random(0)).paired(slow_to_prepare, slow_to_prepare)
    assert found.elapsed_s - found.model_s == pytest.approx(1e-4 * 2 * (found.pairs + 1))


def test_alone_gives_the_reference_latency_within_the_budget():
    clock = ManualClock()
    model = FakeModel(clock, REFERENCE_S)
    found = LatencyPass(clock, LatencyPlan(budget_cpu_s=0.5), random.Random(0)).alone(model.subject())
    assert found.latency_s == pytest.approx(REFERENCE_S)
    assert not found.contended
    assert clock.wall_s() < 0.9


class LuckyModel:
    """A model whose calls take up to 2 % more or less than they should, as its place in memory decides; built anew,
    it gets another place.
    """

    def __init__(self, clock, call_s, luck):
        self.clock, self.call_s, self.luck, self.builds = clock, call_s, luck, 0

    def subject(self):
        self.builds += 1
        factor = 1.0 + self.luck.normal(0.0, 0.02)
        return Subject(lambda: self._call(factor), renew=self.subject)

    def _call(self, factor):
        self.clock.advance(wall_s=self.call_s * factor, cpu_s=self.call_s * factor)


def lucky_pass(call_s, seed, **plan):
    clock, luck = ManualClock(), np.random.default_rng(seed)
    candidate, reference = LuckyModel(clock, call_s, luck), LuckyModel(clock, REFERENCE_S, luck)
    latency_pass = LatencyPass(clock, LatencyPlan(**plan), random.Random(seed))
    return latency_pass.paired(candidate.subject(), reference.subject()), candidate


def test_where_a_small_model_lies_in_memory_is_averaged_out_and_shows_in_the_standard_error():
    found = [lucky_pass(0.002, seed)[0] for seed in range(12)]
    ratios = [pass_.ratio.value for pass_ in found]
    assert np.mean(ratios) == pytest.approx(2.0, rel=0.01)
    assert np.std(ratios, ddof=1) / 2.0 < 0.02  # one place each for two models would scatter by 2.8 %
    assert np.mean([pass_.ratio.stderr for pass_ in found]) == pytest.approx(np.std(ratios, ddof=1), rel=0.6)


def test_the_reference_alone_is_built_anew_too():
    clock, luck = ManualClock(), np.random.default_rng(0)
    reference = LuckyModel(clock, REFERENCE_S, luck)
    LatencyPass(clock, LatencyPlan(), random.Random(0)).alone(reference.subject())
    assert reference.builds > 5


def test_a_small_model_is_built_anew_as_often_as_the_plan_says_and_a_large_one_never():
    assert lucky_pass(0.002, 0, target_relative_stderr=1.0)[1].builds == LatencyPlan().placements
    assert lucky_pass(0.1, 0)[1].builds == 1
