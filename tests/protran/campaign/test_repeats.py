"""The learn phase may measure a candidate again instead of a new one."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from example_spaces import EIGHT

from device_agents.fleet.base import Job
from device_agents.measurement import ProfileRequest
from protran.campaign.attempts import MOST_ATTEMPTS, attempt_at
from protran.campaign.campaign import plan_of
from protran.campaign.execute import StepExecution
from protran.campaign.findings import findings_of
from protran.campaign.phase import Phase
from protran.campaign.plan import FIRST_REPEAT, StepPlan
from protran.campaign.replay import replay
from protran.campaign.search_state import search_state
from protran.campaign.work import VERIFY_REPEAT, profiles_of
from protran.quantities import Quantity
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

EFFORT = {
    "seed_candidates": 8,
    "learn_profiles": 4,
    "learn_batch": 2,
    "target_error": 0.02,
    "search_rounds": 0,
    "verify_limit": 2,
    "verify_seeds": 1,
}


@pytest.fixture(scope="module")
def tiny() -> DesignSpace:
    """A space of eight candidates."""
    return EIGHT


@pytest.fixture
def noisy(bench):
    """Makes dispatchers whose latencies have this relative standard error; a request has one answer, whenever asked."""

    def make(relative: float, spoil=None):
        class Noisy(bench.Dispatcher):
            def next_result(self, timeout_s):
                result = super().next_result(timeout_s)
                if result is None or result.measurement is None or not result.measurement.values:
                    return result
                seed = int(result.job_id.encode().hex()[:12], 16)
                factor = float(np.exp(relative * np.random.default_rng(seed).standard_normal()))
                known = result.measurement.values["latency_s"]
                value = dataclasses.replace(known, value=known.value * factor, stderr=relative * known.value * factor)
                measurement = dataclasses.replace(result.measurement, values={"latency_s": value})
                return dataclasses.replace(result, measurement=measurement)

        return Noisy(spoil)

    return make


def _run(bench, dispatcher, tiny: DesignSpace, **fields):
    return bench.run(dispatcher, space=tiny.to_json(), proposer="gradient", effort=EFFORT, **fields)


def _steps(bench) -> list[StepPlan]:
    with bench.ledger() as ledger:
        return [plan_of(step) for step in ledger.steps(ledger.campaign("invented").id)]


def _requests(bench) -> list[ProfileRequest]:
    with bench.ledger() as ledger:
        return [row.request for row in ledger.rows(ledger.campaign("invented").id) if row.request is not None]


def test_on_a_noisy_device_the_learn_phase_measures_candidates_again(bench, noisy, tiny) -> None:
    front = _run(bench, noisy(0.25), tiny)
    learn = [step for step in _steps(bench) if step.phase is Phase.LEARN]
    assert [len(step.candidates) for step in learn] == [2, 2]
    for step in learn:
        assert set(step.repeats) == {candidate.key for candidate in step.candidates}
    repeats = Counter(request.repeat for request in _requests(bench))
    assert repeats[0] == 8
    assert sum(count for repeat, count in repeats.items() if repeat >= FIRST_REPEAT) == 4
    assert repeats[VERIFY_REPEAT] == 2
    assert front.candidates


def test_on_a_quiet_device_it_never_does(bench, noisy, tiny) -> None:
    _run(bench, noisy(0.001), tiny)
    assert all(not step.repeats for step in _steps(bench))
    assert {request.repeat for request in _requests(bench)} == {0, VERIFY_REPEAT}


def test_the_mean_of_repeats_and_its_smaller_error_are_what_the_search_sees(bench, noisy, tiny) -> None:
    _run(bench, noisy(0.25), tiny)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        step = next(step for step in ledger.steps(record.id) if step.phase == "verify")
        findings = findings_of(ledger.rows(record.id, step.seen))
    state = search_state(problem, findings, step.number)
    again = [row for row in state.observations if row.counts.get("latency_s", 1) > 1]
    assert again
    for row in again:
        single = findings.measured[row.candidate.key, problem.devices[0].identity]
        values = [measurement.values["latency_s"].value for measurement in single]
        stated = sum(m.values["latency_s"].stderr ** 2 for m in single) ** 0.5 / len(single)
        observed = np.std(values, ddof=1) / len(values) ** 0.5
        assert row.counts["latency_s"] == len(values)
        assert row.values["latency_s"] == pytest.approx(np.mean(values))
        assert row.variances["latency_s"] ** 0.5 == pytest.approx(max(stated, observed))


def test_the_error_of_the_reference_is_the_part_that_repeats_share(bench, noisy, tiny) -> None:
    _run(bench, noisy(0.25), tiny)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        findings = findings_of(ledger.rows(record.id))
    (candidate, *_) = findings.candidates.values()
    place = candidate.key, problem.devices[0].identity
    told = [dataclasses.replace(m, details={"reference_ratio_stderr": 0.03}) for m in findings.measured[place]]
    findings.measured[place] = told
    assert findings.repeats(candidate, Quantity.LATENCY_S, place[1]) == (len(told), 0.03)
    assert findings.repeats(candidate, Quantity.ENERGY_J, place[1]) == (0, 0.0)
    (row,) = [
        r
        for r in search_state(problem, findings, 0).observations
        if r.candidate == candidate and "latency_s" in r.values
    ]
    assert row.shared["latency_s"] == pytest.approx((0.03 * row.values["latency_s"]) ** 2)


def test_a_campaign_with_repeats_is_replayed_alike(bench, noisy, tiny) -> None:
    _run(bench, noisy(0.25), tiny)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = replay(problem, ledger, record.id)
    assert all(step.same for step in steps)
    assert any(step.recorded.repeats for step in steps)
    assert [step.replayed.repeats for step in steps] == [step.recorded.repeats for step in steps]


class _Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("after", [16, 17, 18, 19, 20])
def test_a_campaign_that_is_killed_among_its_repeats_loses_none(bench, noisy, tiny, tmp_path, after) -> None:
    def killing(job: Job, answered: int) -> str | None:
        if answered == after:
            raise _Killed
        return None

    whole = type(bench)(tmp_path / "whole")
    _run(whole, noisy(0.25), tiny)
    with pytest.raises(_Killed):
        _run(bench, noisy(0.25, killing), tiny)
    _run(bench, noisy(0.25), tiny)
    assert Counter(r.request_id for r in _requests(bench)) == Counter(r.request_id for r in _requests(whole))
    assert _steps(bench) == _steps(whole)


def test_a_step_that_is_only_recorded_asks_for_its_repeats_after_a_kill(bench, noisy, tiny, monkeypatch) -> None:
    perform = StepExecution.perform

    def killed(self, number: int, step: StepPlan) -> None:
        if step.repeats:
            raise _Killed
        perform(self, number, step)

    with monkeypatch.context() as patch:
        patch.setattr(StepExecution, "perform", killed)
        with pytest.raises(_Killed):
            _run(bench, noisy(0.25), tiny)
    (step,) = [step for step in _steps(bench) if step.repeats]
    _run(bench, noisy(0.25), tiny)
    asked = {(request.candidate.key, request.repeat) for request in _requests(bench)}
    assert set(step.repeats.items()) <= asked


def test_every_repeat_has_a_number_of_its_own_apart_from_all_attempts(bench, noisy, tiny) -> None:
    _run(bench, noisy(0.25), tiny)
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
    numbers: dict[str, list[int]] = {}
    for step in _steps(bench):
        for request in profiles_of(problem, step):
            numbers.setdefault(request.candidate.key, []).extend(
                attempt_at(request, attempt).repeat for attempt in range(MOST_ATTEMPTS)
            )
    assert any(FIRST_REPEAT in found for found in numbers.values())
    assert all(len(set(found)) == len(found) for found in numbers.values())


def test_a_step_of_an_older_version_has_no_repeats(bench) -> None:
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
    (candidate,) = sample(problem.space, 1, SamplingMethod.SOBOL, 0)
    plan = StepPlan(Phase.LEARN, (candidate,)).with_further_info({"notes": {}})
    assert (plan.repeats, plan.remarks) == ({}, ())
    assert plan.further_info() == {}
    assert [request.repeat for request in profiles_of(problem, plan)] == [0]
    again = dataclasses.replace(plan, repeats={candidate.key: 4})
    assert again.with_further_info(again.further_info()) == again
    assert [request.repeat for request in profiles_of(problem, again)] == [4]
