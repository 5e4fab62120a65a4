"""What there is to export of campaigns on an invented device and trainer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from invented_dispatcher import InventedDispatcher

from protran.campaign.deployables import deployable_of
from protran.campaign.findings import findings_of
from protran.campaign.phase import Phase
from protran.errors import CampaignError, InputError, UnknownCampaignError
from search_spaces.candidate import HeadKind
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.layer_genes import Gene
from search_spaces.space import load_space

TWO_FORMS = dataclasses.replace(
    load_space("edge-small"),
    layers=(2,),
    hidden=(16,),
    heads=(2,),
    head_kinds=(HeadKind.FOURIER,),
    feed_forward=(16, 64),
    stacks=(1,),
    uniform=frozenset({Gene.HIDDEN, Gene.FEED_FORWARD}),
    conditions=(),
    deployments=(Deployment(), Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)),
).to_json()


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def finished(bench, shared_folder):
    """Returns a finished campaign's bench and its front; the campaign runs once for all tests, which only read it."""
    bench.folder = shared_folder
    return bench, bench.run()


def test_the_best_is_the_least_error_of_the_front(finished):
    bench, front = finished
    with bench.ledger() as ledger:
        found = deployable_of(ledger, "invented", "best")
    least = min(front.candidates, key=lambda member: member.values["error"].value)
    assert found.member == least
    assert found.campaign == "invented"
    assert found.workload == "inference on batch 1"


def test_the_training_is_the_refit_of_the_first_seed_of_verification(finished):
    bench, front = finished
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
        found = deployable_of(ledger, "invented", front.candidates[-1].candidate.key[:10])
    assert found.request.fidelity == problem.refit
    assert (found.request.seed, found.seeds) == (1, (1, 2))
    assert found.request.training_key == found.evaluation.training_key
    assert found.evaluation == found.evaluations[found.request.training_key]
    assert found.request.architecture == front.candidates[-1].candidate.architecture


def test_without_a_candidate_the_sentence_lists_the_front(finished):
    bench, front = finished
    with bench.ledger() as ledger, pytest.raises(InputError) as caught:
        deployable_of(ledger, "invented", None)
    assert all(member.candidate.key[:8] in str(caught.value) for member in front.candidates)


def test_a_candidate_that_was_only_searched_is_refused(finished):
    bench, _ = finished
    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger)
        findings = findings_of(ledger.rows(record.id))
        searched = next(
            candidate
            for candidate in findings.candidates.values()
            if findings.error(candidate, problem.refit) is None
            and findings.test_error(candidate, problem.refit) is None
        )
        with pytest.raises(InputError, match="was searched, not verified"):
            deployable_of(ledger, "invented", searched.key)


@pytest.mark.parametrize(
    ("which", "words"),
    [("ffffffffffff", "begins with"), ("knee", "candidate must be best"), ("../../x", "must be best")],
)
def test_what_is_no_candidate_is_refused(finished, which, words):
    with finished[0].ledger() as ledger, pytest.raises(InputError, match=words):
        deployable_of(ledger, "invented", which)


def test_a_campaign_that_is_not_complete_is_refused(bench):
    def stop(job, answered):
        if answered > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run(InventedDispatcher(stop))
    with bench.ledger() as ledger, pytest.raises(InputError, match="not verified yet"):
        deployable_of(ledger, "invented", "best")
    with bench.ledger() as ledger, pytest.raises(InputError, match="none yet"):
        deployable_of(ledger, "invented", None)


def test_an_unknown_campaign_is_refused(finished):
    with finished[0].ledger() as ledger, pytest.raises(UnknownCampaignError):
        deployable_of(ledger, "nothing", "best")


def test_a_training_of_another_version_is_refused(finished, monkeypatch):
    bench, _ = finished
    monkeypatch.setattr("protran.training.keys.TRAINING_VERSION", 999)
    with bench.ledger() as ledger, pytest.raises(CampaignError, match="the version that ran the campaign"):
        deployable_of(ledger, "invented", "best")


def test_what_is_known_of_other_deployments_comes_along(bench):
    bench.run(space=TWO_FORMS)
    with bench.ledger() as ledger:
        _, record = bench.begin(ledger, space=TWO_FORMS)
        members = findings_of(ledger.rows(record.id)).candidates
        found = deployable_of(ledger, "invented", "best")
    own = found.member.candidate
    others = [key for key, item in members.items() if item.architecture == own.architecture and key != own.key]
    assert sorted(found.measured) == sorted(others)
    assert all("latency_s" in values for values in found.measured.values())
    assert len(found.evaluations) >= 1
    assert found.weights_folders == (Path(bench.folder) / "invented" / "weights",)


def test_the_steps_of_verification_are_what_is_exported_from(finished):
    bench, _ = finished
    with bench.ledger() as ledger:
        _, record = bench.begin(ledger)
        verified = [step for step in ledger.steps(record.id) if step.phase == Phase.VERIFY.value]
        found = deployable_of(ledger, "invented", "best")
    assert any(found.member.candidate in step.proposals for step in verified)
