from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

import pytest

from device_agents import measurement as measurement_module
from device_agents.measurement import Measurement, ProfileRequest
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord, Progress, RequestKind, RequestState

RequestFor = Callable[..., ProfileRequest]


@pytest.fixture
def under_an_older_procedure(monkeypatch):
    @contextmanager
    def older():
        with monkeypatch.context() as patch:
            patch.setattr(measurement_module, "PROCEDURE_VERSION", measurement_module.PROCEDURE_VERSION - 1)
            yield

    return older


def test_what_an_older_procedure_left_open_is_not_pending_and_is_asked_anew_under_its_new_id(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, under_an_older_procedure
) -> None:
    with under_an_older_procedure():
        old = ledger.request_profile(campaign.id, request_for(16))
        assert ledger.pending_profiles(campaign.id) == [request_for(16)]
    assert ledger.pending_profiles(campaign.id) == []
    new = ledger.request_profile(campaign.id, request_for(16))
    assert (new.request_id != old.request_id, new.state) == (True, RequestState.PENDING)
    assert ledger.pending_profiles(campaign.id) == [request_for(16)]


def test_what_an_older_procedure_left_open_is_not_counted_and_what_it_measured_is(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured, under_an_older_procedure
) -> None:
    with under_an_older_procedure():
        for size in (16, 32):
            ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, measured(request_for(16).request_id))
    assert ledger.progress(campaign.id) == Progress(profiles_asked=1, profiles_answered=1)


def test_trainings_stay_pending_whatever_the_procedure(
    ledger: Ledger, campaign: CampaignRecord, candidate, under_an_older_procedure
) -> None:
    with under_an_older_procedure():
        ledger.request_training(campaign.id, "training-1", {}, candidate=candidate(16))
    assert [item.training_key for item in ledger.pending_trainings(campaign.id)] == ["training-1"]


def test_a_request_that_another_campaign_had_used_up_is_pending_as_the_repeat_that_it_became(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Callable[..., Measurement]
) -> None:
    ledger.request_profile(campaign.id, request_for(16))
    other = ledger.create_campaign("other", {}, seed=0)
    ledger.request_profile(other.id, request_for(16))
    assert ledger.pending_profiles(other.id) == [request_for(16, 1)]


def test_only_good_answers_are_told_of_whoever_asked(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured, failed, evaluated
) -> None:
    good, bad, waiting = (request_for(size).request_id for size in (16, 32, 48))
    for size in (16, 32, 48):
        ledger.request_profile(campaign.id, request_for(size))
    ledger.answer_profile(campaign.id, measured(good))
    ledger.answer_profile(campaign.id, failed(bad))
    ledger.request_training(campaign.id, "training-1", {}, candidate=request_for(16).candidate)
    ledger.answer_training(campaign.id, evaluated("training-1"))
    asked = {good, bad, waiting, "training-1", *(f"unknown-{number}" for number in range(1200))}
    assert ledger.well_answered(RequestKind.PROFILE, asked) == {good}
    assert ledger.well_answered(RequestKind.TRAINING, asked) == {"training-1"}
    assert ledger.well_answered(RequestKind.TRAINING, ()) == set()
