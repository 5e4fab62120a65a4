"""Which short trainings may be stopped, and what becomes of those that were."""

from __future__ import annotations

import dataclasses

import pytest
from invented_dispatcher import IDENTITY, InventedDispatcher

from device_agents.fleet.base import JobResult, TaskJob
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.budgets import Budget
from protran.campaign.campaign import plan_of
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import known_candidates
from protran.campaign.hurdles import FEWEST_HISTORIES, StoppingRule, accuracy_to_beat, hurdles_of, later_gains
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.replay import replay
from protran.campaign.search_state import search_state
from protran.campaign.status import status_of
from protran.campaign.teacher import training_of
from protran.campaign.work import trainings_of
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.optimize.gradient import GradientProposer
from protran.optimize.proposal import Proposal
from protran.optimize.random_search import RandomProposer
from protran.optimize.select import select_front
from protran.training.hurdle import STOPPED, Hurdle, Stop, stop_of
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, Precision
from search_spaces.sampling import SamplingMethod, sample

LATE_GAIN = 0.3  # what every invented training still gains after its first epoch; nothing after its second
CHEAP, DEAR = {"latency_s": 1e-9, "memory_bytes": 1.0}, {"latency_s": 1e9, "memory_bytes": 1e12}


def history_of(accuracy: float, epochs: int) -> list[dict[str, float]]:
    reached = [accuracy - LATE_GAIN, *[accuracy] * (epochs - 1)]
    return [{"epoch": epoch, "validation_accuracy": found} for epoch, found in enumerate(reached, 1)]


class Dispatcher(InventedDispatcher):
    """Invents histories too, and stops whoever is below its hurdle; models of few layers learn nothing at all."""

    def next_result(self, timeout_s: float) -> JobResult | None:
        job = self._queue[0] if self._queue else None
        result = super().next_result(timeout_s)
        if result is None or result.result is None or not isinstance(job, TaskJob):
            return result
        request, evaluation = TrainingRequest.from_json(job.payload), Evaluation.from_json(result.result)
        if request.fidelity.refit:
            return result
        history = history_of(evaluation.metrics["validation_accuracy"], request.fidelity.epochs)
        first = history[0]["validation_accuracy"]
        stop = None if request.hurdle is None else request.hurdle.stop(1, first)
        details = {"history": history if stop is None else history[:1]}
        if stop is not None:
            metrics = {"validation_accuracy": first, "test_accuracy": first}
            details[STOPPED] = stop.to_json()
            evaluation = dataclasses.replace(evaluation, metrics=metrics, epochs=1)
        return dataclasses.replace(result, result=dataclasses.replace(evaluation, details=details).to_json())


@pytest.fixture
def known(bench):
    """Returns a problem, findings of finished trainings, and the candidates that were trained, best first."""
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
    candidates = sample(problem.space, FEWEST_HISTORIES, SamplingMethod.SOBOL, 0)
    findings = Findings()
    for number, candidate in enumerate(candidates):
        findings.candidates[candidate.key] = candidate
        values = {"latency_s": Value(0.001, 1e-5, Provenance.SIMULATED)}
        findings.measured[candidate.key, IDENTITY].append(
            Measurement(f"r{number}", IDENTITY, MeasurementStatus.OK, values=values)
        )
        findings.scored[candidate.key, problem.low].append(ended(problem, candidate, 0.8 - 0.01 * number))
    return problem, findings, candidates


def ended(problem, candidate, accuracy) -> Evaluation:
    request = training_of(problem, candidate, problem.low, 0)
    details = {"history": history_of(accuracy, problem.low.epochs)}
    scored = {"status": EvaluationStatus.OK, "reason": "", "metrics": {"validation_accuracy": accuracy}}
    return dataclasses.replace(request.failed("x"), **scored, details=details)


@pytest.fixture
def stranger(known) -> Candidate:
    """A candidate that was never trained."""
    problem, _, candidates = known
    return next(c for c in sample(problem.space, 64, SamplingMethod.SOBOL, 5) if c not in candidates)


def hurdles(problem, findings, *candidates, costs=DEAR, asked=(), before=None, rule=None):
    proposal = Proposal(candidates, least=(costs,) * len(candidates))
    return hurdles_of(problem, findings, proposal, asked, before or {}, rule or StoppingRule())


def test_a_candidate_must_reach_the_best_rival_as_cheap_less_what_late_epochs_brought(known, stranger) -> None:
    problem, findings, _ = known
    hurdle = hurdles(problem, findings, stranger)[stranger.key]
    assert hurdle.accuracies[:2] == pytest.approx((0.8 - 0.02 - LATE_GAIN, 0.8 - 0.02))
    assert len(hurdle.accuracies) == problem.low.epochs - 1
    lenient = hurdles(problem, findings, stranger, rule=StoppingRule(margin=0.1))[stranger.key]
    assert lenient.accuracies[1] == pytest.approx(0.7)


def test_a_candidate_that_may_be_cheaper_than_all_rivals_is_never_stopped(known, stranger) -> None:
    problem, findings, _ = known
    assert hurdles(problem, findings, stranger, costs=CHEAP) == {}
    assert hurdles(problem, findings, stranger, costs=DEAR | {"latency_s": 1e-4}) == {}
    assert hurdles(problem, findings, stranger, costs={"memory_bytes": 1e12}) == {}  # the latency is not believed


def test_a_rival_that_breaks_a_budget_beats_nobody(known) -> None:
    problem, findings, _ = known
    rivals = [member.values for member in known_candidates(problem, findings, verified=False)]
    tight = dataclasses.replace(problem, budgets=(Budget.parse("latency<=1us"),))
    assert accuracy_to_beat(problem, rivals, DEAR) == pytest.approx(0.8)
    assert accuracy_to_beat(tight, rivals, DEAR) is None


def test_few_histories_stop_nobody(known, stranger) -> None:
    problem, findings, candidates = known
    assert later_gains(problem, findings, 1.0) is not None
    del findings.scored[candidates[-1].key, problem.low]
    assert later_gains(problem, findings, 1.0) is None
    assert hurdles(problem, findings, stranger) == {}


def test_a_history_that_was_cut_short_says_nothing_of_late_epochs(known) -> None:
    problem, findings, candidates = known
    place = (candidates[0].key, problem.low)
    whole = findings.scored[place][0]
    findings.scored[place] = [dataclasses.replace(whole, details={"history": whole.details["history"][:-1]})]
    assert later_gains(problem, findings, 1.0) is None


def test_other_deployments_and_shared_architectures_are_never_stopped(known, stranger) -> None:
    problem, findings, _ = known
    bf16 = dataclasses.replace(stranger, deployment=Deployment(Precision.BF16))
    assert hurdles(problem, findings, bf16) == {}
    assert hurdles(problem, findings, stranger, bf16) == {}
    assert hurdles(problem, findings, stranger, asked=(bf16,)) == {}


def test_what_was_asked_before_keeps_its_hurdle_and_so_its_key(known, stranger) -> None:
    problem, findings, _ = known
    earlier = {stranger.key: Hurdle((0.1,))}
    threads = dataclasses.replace(stranger, deployment=Deployment(threads=2))
    assert hurdles(problem, findings, threads, asked=(stranger,), before=earlier) == earlier


def test_only_short_trainings_have_a_hurdle(known, stranger) -> None:
    problem, _, candidates = known
    hurdled = {stranger.key: Hurdle((0.5,)), candidates[0].key: Hurdle((0.6,))}
    step = StepPlan(Phase.SEARCH, (stranger,), (candidates[0],), hurdles=hurdled)
    assert [request.hurdle for request in trainings_of(problem, step)] == [Hurdle((0.5,)), None]
    verify = StepPlan(Phase.VERIFY, (stranger,), hurdles=hurdled)
    assert all(request.hurdle is None for request in trainings_of(problem, verify))


def test_a_stopped_training_is_a_bad_short_observation_and_nobody_on_a_front(known, stranger) -> None:
    problem, findings, _ = known
    findings.candidates[stranger.key] = stranger
    findings.measured[stranger.key, IDENTITY] = next(iter(findings.measured.values()))
    details = {STOPPED: Stop(3, 0.4, 0.5).to_json()}
    evaluation = dataclasses.replace(ended(problem, stranger, 0.4), details=details, epochs=3)
    findings.stopped[stranger.key, problem.low].append(evaluation)
    state = search_state(problem, findings, 1)
    seen = [row for row in state.observations if row.candidate == stranger and "error" in row.values]
    assert [row.values["error"] for row in seen] == pytest.approx([0.6])
    assert seen[0].fidelity == pytest.approx(3 / problem.full.epochs)
    assert stranger.key in state.taken()
    assert stranger not in select_front(state, len(state.observations))
    assert stranger not in [member.candidate for member in known_candidates(problem, findings, verified=False)]


EFFORT = {
    "seed_candidates": FEWEST_HISTORIES,
    "learn_profiles": 0,
    "search_rounds": 2,
    "search_batch": 2,
    "verify_limit": 2,
    "verify_seeds": 1,
}


@pytest.fixture
def dear(monkeypatch):
    """Makes every proposal that of the random proposer, with costs that all rivals undercut."""

    def propose_round(self, state, batch_size, probes=0):
        found = tuple(RandomProposer().propose(state, batch_size + probes))
        return Proposal(found[:batch_size], found[batch_size:], (DEAR,) * batch_size)

    monkeypatch.setattr(GradientProposer, "propose_round", propose_round)


def test_a_campaign_stops_hopeless_trainings_and_is_replayed(bench, dear) -> None:
    fields = {"proposer": "gradient", "effort": EFFORT | {"early_stopping": True, "probe_profiles": 1}}
    front = bench.run(Dispatcher(), **fields)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger, **fields)
        steps, rows = [plan_of(step) for step in ledger.steps(record.id)], ledger.rows(record.id)
        stopped = [row.candidate.key for row in rows if row.evaluation and stop_of(row.evaluation)]
        assert stopped
        assert not set(stopped) & {member.candidate.key for member in front.candidates}
        assert not set(stopped) & {candidate.key for candidate in steps[-1].candidates}
        assert status_of(ledger, record).trainings["stopped"] == len(stopped)
        assert all(step.same for step in replay(problem, ledger, record.id))
        found = findings_of(rows)
    for step in steps[1:-1]:
        assert (len(step.candidates), len(step.probes)) == (2, 1)
        assert all(found.value(probe, problem.objectives[1].quantity, IDENTITY) for probe in step.probes)


def test_where_nothing_may_be_stopped_trainings_and_status_read_as_they_always_did(bench, dear) -> None:
    fields = {"proposer": "gradient", "effort": EFFORT}
    bench.run(Dispatcher(), **fields)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger, **fields)
        steps = list(ledger.steps(record.id))
        assert not any({"hurdles", "probes"} & step.info.keys() for step in steps)
        payloads = [request.to_json() for step in steps for request in trainings_of(problem, plan_of(step))]
        assert not any("hurdle" in payload for payload in payloads)
        assert "stopped" not in status_of(ledger, record).trainings
