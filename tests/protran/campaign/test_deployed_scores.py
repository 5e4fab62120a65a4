"""Campaigns whose space holds several deployments of one architecture, on an invented device and trainer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from device_agents.fleet.base import TaskJob
from protran.campaign.findings import findings_of
from protran.campaign.replay import replay
from protran.campaign.work import weights_folder
from search_spaces.candidate import HeadKind
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.layer_genes import Gene
from search_spaces.space import load_space

INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
THREADED = Deployment(threads=2)
TWO_ARCHITECTURES = dataclasses.replace(
    load_space("edge-small"),
    layers=(2,),
    hidden=(16,),
    heads=(2,),
    head_kinds=(HeadKind.FOURIER,),
    feed_forward=(16, 64),
    stacks=(1,),
    uniform=frozenset({Gene.HIDDEN, Gene.FEED_FORWARD}),
    conditions=(),
)
SPACE = dataclasses.replace(TWO_ARCHITECTURES, deployments=(Deployment(), THREADED, INT8)).to_json()


class _Listening:
    """Remembers the payloads of all trainings that a dispatcher is given."""

    def __init__(self, dispatcher) -> None:
        self._submit, self.payloads = dispatcher.submit, []
        dispatcher.submit = self

    def __call__(self, job) -> None:
        if isinstance(job, TaskJob):
            self.payloads.append(job.payload)
        self._submit(job)


@pytest.fixture
def finished(bench):
    """Returns the problem and the findings of a campaign that has ended."""
    bench.run(space=SPACE)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        return problem, findings_of(ledger.rows(record.id))


def _by_architecture(findings):
    found = {}
    for candidate in findings.candidates.values():
        found.setdefault(candidate.architecture.key, {})[candidate.deployment] = candidate
    return found.values()


def test_candidates_of_equal_architecture_in_fp32_and_int8_have_errors_of_their_own(finished) -> None:
    problem, findings = finished
    pairs = list(_by_architecture(findings))
    assert len(pairs) == 2
    for pair in pairs:
        fp32, int8 = (findings.error(pair[deployment], problem.low) for deployment in (Deployment(), INT8))
        assert int8.value == pytest.approx(fp32.value + 0.01)


def test_candidates_that_differ_in_threads_alone_share_one_evaluation(finished) -> None:
    problem, findings = finished
    for pair in _by_architecture(findings):
        assert findings.errors_by_seed(pair[THREADED], problem.low) == findings.errors_by_seed(
            pair[Deployment()], problem.low
        )
        assert len(findings.errors_by_seed(pair[THREADED], problem.low)) == 1


def test_a_failure_of_int8_says_nothing_against_fp32(bench) -> None:
    def spoil(job, answered) -> str | None:
        return "no onnxruntime" if isinstance(job, TaskJob) and "deployment" in job.payload else None

    bench.run(bench.Dispatcher(spoil), space=SPACE)
    with bench.ledger() as ledger:
        findings = findings_of(ledger.rows(bench.begin(ledger)[1].id))
    failures = {candidate.deployment: findings.failure(candidate) for candidate in findings.candidates.values()}
    assert failures == {Deployment(): None, THREADED: None, INT8: "no onnxruntime"}


@pytest.mark.parametrize("proposer", ["gradient", "random"])
def test_a_replayed_campaign_of_deployments_proposes_the_same(bench, proposer) -> None:
    bench.run(space=SPACE, proposer=proposer)
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        steps = replay(problem, ledger, record.id)
    assert len(steps) > 1
    assert all(step.same for step in steps)


def test_the_front_reports_the_error_of_the_deployed_candidate(bench) -> None:
    front = bench.run(space=SPACE, objectives=["error", "latency_s"])
    errors = {member.candidate.key: member.number("error") for member in front.candidates}
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        findings = findings_of(ledger.rows(record.id))
    for member in front.candidates:
        expected = findings.error(member.candidate, problem.full, problem.verify_seeds)
        assert errors[member.candidate.key] == pytest.approx(expected.value)
    assert errors


def test_deployments_share_trained_weights_in_a_folder_that_the_ledger_does_not_know(bench) -> None:
    workers = bench.Dispatcher()
    heard = _Listening(workers)
    bench.run(workers, space=SPACE)
    folder = bench.folder / "invented" / "weights"
    assert {payload["weights_folder"] for payload in heard.payloads} == {str(folder)}
    assert b"weights_folder" not in b"".join(file.read_bytes() for file in bench.folder.glob("ledger.sqlite*"))


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, False),
        ({"deployments": (Deployment(), THREADED)}, False),
        ({"deployments": (INT8,)}, False),
        ({"deployments": (Deployment(), INT8)}, True),
        ({"head_sparsity": (0.0, 0.5)}, True),
    ],
)
def test_weights_are_kept_where_one_architecture_has_several_scores(bench, changes, kept) -> None:
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger, space=dataclasses.replace(TWO_ARCHITECTURES, **changes).to_json())
    assert (weights_folder(problem, Path("runs")) is not None) is kept
