from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest
from protran.campaign.phase import Phase
from protran.errors import InputError, LedgerError, UnknownCampaignError
from protran.ledger.evaluation import Evaluation
from protran.ledger.ledger import Ledger
from protran.ledger.place import NoLedgerError
from protran.ledger.records import Asked, CampaignRecord, Progress, RequestState
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, Precision, Runtime

RequestFor = Callable[..., ProfileRequest]
Measured = Callable[..., Measurement]
Evaluated = Callable[..., Evaluation]
CandidateOf = Callable[[int], Candidate]


def test_a_campaign_is_found_again_by_its_name(ledger: Ledger) -> None:
    made = ledger.create_campaign("demo", {"name": "demo", "nested": [1, {"a": None}]}, seed=2**62, phase=Phase.SEED)
    assert ledger.campaign("demo") == made
    assert (made.seed, made.phase, made.config["nested"]) == (2**62, "seed", [1, {"a": None}])


def test_a_name_that_is_taken_is_refused(ledger: Ledger, campaign: CampaignRecord) -> None:
    with pytest.raises(InputError, match="there is a campaign 'demo' already"):
        ledger.create_campaign("demo", {}, seed=0)
    assert ledger.campaigns() == (campaign,)


def test_an_absent_campaign_is_answered_with_those_that_are_there(ledger: Ledger, campaign: CampaignRecord) -> None:
    with pytest.raises(UnknownCampaignError, match="there is no campaign 'other'; there are demo"):
        ledger.campaign("other")


def test_a_phase_is_remembered(ledger: Ledger, campaign: CampaignRecord) -> None:
    ledger.set_phase(campaign.id, Phase.SEARCH)
    assert ledger.campaign("demo").phase == "search"


def test_a_request_is_pending_until_it_is_answered(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    assert ledger.request_profile(campaign.id, request) == Asked(request.request_id, RequestState.PENDING)
    assert ledger.pending_profiles(campaign.id) == [request]
    assert ledger.answer_profile(campaign.id, measured(request.request_id))
    assert ledger.pending_profiles(campaign.id) == []
    assert ledger.request_profile(campaign.id, request) == Asked(request.request_id, RequestState.ANSWERED)


def test_asking_twice_asks_once(ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor) -> None:
    for _ in range(3):
        ledger.request_profile(campaign.id, request_for(16))
    assert ledger.pending_profiles(campaign.id) == [request_for(16)]


def test_a_second_answer_is_dropped_and_the_first_stands(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    ledger.request_profile(campaign.id, request)
    assert ledger.answer_profile(campaign.id, measured(request.request_id, 0.1)) is True
    assert ledger.answer_profile(campaign.id, measured(request.request_id, 0.2)) is False
    rows = ledger.rows(campaign.id)
    assert [row.measurement for row in rows] == [measured(request.request_id, 0.1)]


def test_an_answer_that_nobody_asked_for_is_refused(
    ledger: Ledger, campaign: CampaignRecord, measured: Measured, evaluated: Evaluated
) -> None:
    with pytest.raises(LedgerError, match="never asked"):
        ledger.answer_profile(campaign.id, measured("0123456789"))
    with pytest.raises(LedgerError, match="never asked"):
        ledger.answer_training(campaign.id, evaluated("0123456789"))
    assert ledger.rows(campaign.id) == []


def test_rows_come_in_the_order_of_the_answers_and_are_what_was_answered(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured, evaluated: Evaluated
) -> None:
    requests = [request_for(size) for size in (16, 32, 64)]
    for request in requests:
        ledger.request_profile(campaign.id, request)
    payload = {"architecture": requests[0].candidate.architecture.to_json()}
    ledger.request_training(campaign.id, "training-1", payload)
    ledger.answer_profile(campaign.id, measured(requests[2].request_id))
    ledger.answer_training(campaign.id, evaluated("training-1"))
    ledger.answer_profile(campaign.id, measured(requests[0].request_id))

    rows = ledger.rows(campaign.id)
    assert [row.number for row in rows] == [0, 1, 2]
    assert [row.candidate for row in rows] == [requests[2].candidate, requests[0].candidate, requests[0].candidate]
    assert rows[0].measurement == measured(requests[2].request_id)
    assert rows[0].request == requests[2]
    assert rows[1].evaluation == evaluated("training-1")
    assert all(row.ok and not row.reused for row in rows)
    assert ledger.rows(campaign.id, first=2) == rows[:2]


def test_a_failure_is_a_row_with_its_reason(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, failed: Callable[[str], Measurement]
) -> None:
    request = request_for(16)
    ledger.request_profile(campaign.id, request)
    ledger.answer_profile(campaign.id, failed(request.request_id))
    (row,) = ledger.rows(campaign.id)
    assert row.measurement is not None
    assert (row.ok, row.measurement.reason) == (False, "it crashed")


def test_trainings_are_pending_with_their_payload(
    ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf, evaluated: Evaluated
) -> None:
    payload = {"architecture": candidate(16).architecture.to_json(), "seed": 4}
    ledger.request_training(campaign.id, "training-1", payload)
    ledger.request_training(campaign.id, "training-2", {"seed": 5}, candidate=candidate(16))
    pending = ledger.pending_trainings(campaign.id)
    assert [(item.training_key, item.payload) for item in pending] == [
        ("training-1", payload),
        ("training-2", {"seed": 5}),
    ]
    assert ledger.answer_training(campaign.id, evaluated("training-1")) is True
    assert ledger.answer_training(campaign.id, evaluated("training-1", accuracy=0.5)) is False
    assert [item.training_key for item in ledger.pending_trainings(campaign.id)] == ["training-2"]


def test_an_evaluation_of_a_deployment_is_a_row_about_the_candidate_that_was_scored(
    ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf, evaluated: Evaluated
) -> None:
    deployed = dataclasses.replace(candidate(16), deployment=Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME))
    for key, asked in (("training-1", candidate(16)), ("training-2", deployed)):
        ledger.request_training(campaign.id, key, asked.to_json())
        evaluation = dataclasses.replace(evaluated(key), deployment=asked.deployment)
        ledger.answer_training(campaign.id, evaluation)
    rows = ledger.rows(campaign.id)
    assert [row.candidate for row in rows] == [candidate(16), deployed]
    assert [row.evaluation.deployment for row in rows if row.evaluation] == [Deployment(), deployed.deployment]


def test_another_campaign_asks_anew_unless_it_may_reuse(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    ledger.request_profile(campaign.id, request)
    ledger.answer_profile(campaign.id, measured(request.request_id))

    other = ledger.create_campaign("other", {}, seed=0)
    asked = ledger.request_profile(other.id, request)
    assert asked == Asked(request_for(16, 1).request_id, RequestState.PENDING)
    assert ledger.request_profile(other.id, request) == asked
    assert ledger.pending_profiles(other.id) == [request_for(16, 1)]
    # Its own first repeat must then not be the one that it already has.
    assert ledger.request_profile(other.id, request_for(16, 1)).request_id == request_for(16, 2).request_id


def test_a_good_answer_of_another_campaign_can_be_reused(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    ledger.request_profile(campaign.id, request)
    ledger.answer_profile(campaign.id, measured(request.request_id))

    other = ledger.create_campaign("other", {}, seed=0)
    asked = ledger.request_profile(other.id, request, reuse=True)
    assert asked == Asked(request.request_id, RequestState.ANSWERED, reused=True)
    (row,) = ledger.rows(other.id)
    assert row.reused
    assert row.measurement == measured(request.request_id)
    assert ledger.pending_profiles(other.id) == []


def test_a_failure_of_another_campaign_is_not_reused(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, failed: Callable[[str], Measurement]
) -> None:
    request = request_for(16)
    ledger.request_profile(campaign.id, request)
    ledger.answer_profile(campaign.id, failed(request.request_id))
    other = ledger.create_campaign("other", {}, seed=0)
    assert ledger.request_profile(other.id, request, reuse=True).request_id == request_for(16, 1).request_id


def test_two_campaigns_that_wait_for_one_request_see_the_same_answer(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    other = ledger.create_campaign("other", {}, seed=0)
    ledger.request_profile(campaign.id, request)
    assert ledger.request_profile(other.id, request, reuse=True).state is RequestState.PENDING
    assert ledger.answer_profile(other.id, measured(request.request_id, 0.1)) is True
    assert ledger.pending_profiles(campaign.id) == [request]
    assert ledger.answer_profile(campaign.id, measured(request.request_id, 0.2)) is False
    for seen_by in (campaign, other):
        assert [row.measurement for row in ledger.rows(seen_by.id)] == [measured(request.request_id, 0.1)]


def test_another_campaign_trains_anew_unless_it_may_reuse(
    ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf, evaluated: Evaluated
) -> None:
    payload = {"architecture": candidate(16).architecture.to_json()}
    ledger.request_training(campaign.id, "training-1", payload)
    ledger.answer_training(campaign.id, evaluated("training-1", accuracy=0.8))

    anew = ledger.create_campaign("anew", {}, seed=0)
    assert ledger.request_training(anew.id, "training-1", payload).state is RequestState.PENDING
    assert [item.training_key for item in ledger.pending_trainings(anew.id)] == ["training-1"]
    assert ledger.answer_training(anew.id, evaluated("training-1", accuracy=0.7)) is True
    assert [row.evaluation for row in ledger.rows(anew.id)] == [evaluated("training-1", accuracy=0.7)]
    assert [row.evaluation for row in ledger.rows(campaign.id)] == [evaluated("training-1", accuracy=0.8)]

    reusing = ledger.create_campaign("reusing", {}, seed=0)
    assert ledger.request_training(reusing.id, "training-1", payload, reuse=True).reused
    assert [row.evaluation for row in ledger.rows(reusing.id)] == [evaluated("training-1", accuracy=0.8)]


def test_a_step_is_recorded_once(ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf) -> None:
    proposals = [candidate(16), candidate(8)]
    assert ledger.record_step(campaign.id, 0, Phase.SEED, proposals, seen=0, info={"seconds": 0.1}) is True
    assert ledger.record_step(campaign.id, 0, Phase.SEED, proposals, seen=9) is False
    (step,) = ledger.steps(campaign.id)
    assert (step.number, step.phase, step.proposals, step.seen) == (0, "seed", tuple(proposals), 0)
    assert step.info == {"seconds": 0.1}


def test_a_step_that_would_change_the_past_is_refused(
    ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf
) -> None:
    ledger.record_step(campaign.id, 0, Phase.SEED, [candidate(16)], seen=0)
    with pytest.raises(LedgerError, match="step 0 was recorded with other proposals"):
        ledger.record_step(campaign.id, 0, Phase.SEED, [candidate(32)], seen=0)


def test_progress_counts_what_was_asked_answered_and_failed(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: RequestFor,
    measured: Measured,
    failed: Callable[[str], Measurement],
    evaluated: Evaluated,
) -> None:
    for size in (16, 32, 64):
        ledger.request_profile(campaign.id, request_for(size))
    ledger.answer_profile(campaign.id, measured(request_for(16).request_id))
    ledger.answer_profile(campaign.id, failed(request_for(32).request_id))
    ledger.request_training(campaign.id, "t", {}, candidate=request_for(16).candidate)
    ledger.answer_training(campaign.id, evaluated("t"))
    assert ledger.progress(campaign.id) == Progress(
        profiles_asked=3, profiles_answered=2, profiles_failed=1, trainings_asked=1, trainings_answered=1
    )
    assert ledger.progress(ledger.create_campaign("other", {}, seed=0).id) == Progress()


def test_rejected_measurements_are_counted_apart_from_failed_ones(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: RequestFor,
    failed: Callable[[str], Measurement],
    rejected: Callable[[str], Measurement],
) -> None:
    for size, bad in ((16, rejected), (32, failed), (64, rejected)):
        ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, bad(request_for(size).request_id))
    assert ledger.progress(campaign.id) == Progress(
        profiles_asked=3, profiles_answered=3, profiles_failed=1, profiles_rejected=2
    )


def test_rejections_are_those_that_the_campaign_has_seen_with_their_reasons(
    ledger: Ledger,
    campaign: CampaignRecord,
    request_for: RequestFor,
    measured: Measured,
    rejected: Callable[[str], Measurement],
) -> None:
    other = ledger.create_campaign("other", {}, seed=0)
    for asking, size in ((campaign, 16), (campaign, 32), (other, 64)):
        ledger.request_profile(asking.id, request_for(size))
    ledger.answer_profile(campaign.id, rejected(request_for(16).request_id))
    ledger.answer_profile(campaign.id, measured(request_for(32).request_id))
    ledger.answer_profile(other.id, rejected(request_for(64).request_id))
    assert ledger.rejections(campaign.id) == {request_for(16).request_id: "it throttled"}


def test_a_device_is_known_by_its_last_word(ledger: Ledger) -> None:
    ledger.put_device(DeviceInfo("local", "id-1", "ready", {"cores": 2}), {"latency_s": 0.01})
    ledger.put_device(DeviceInfo("other", "id-2", "ready"))
    ledger.put_device(DeviceInfo("local", "id-1", "ready", {"cores": 4}), {"latency_s": 0.02, "contended": True})
    device = ledger.device("id-1")
    assert device is not None
    assert (device.name, device.facts, device.reference["contended"]) == ("local", {"cores": 4}, True)
    assert [item.identity for item in ledger.devices()] == ["id-2", "id-1"]
    assert ledger.device("id-3") is None


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_does_not_know_is_refused(
    ledger: Ledger, campaign: CampaignRecord, candidate: CandidateOf, number: float
) -> None:
    with pytest.raises(InputError, match="cannot be recorded as JSON"):
        ledger.record_step(campaign.id, 0, Phase.SEED, [candidate(16)], seen=0, info={"x": number})
    assert ledger.steps(campaign.id) == ()


def test_a_closed_ledger_holds_the_same_when_it_is_opened_again(
    place: Path | str, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(16)
    with Ledger.open(place) as ledger:
        campaign = ledger.create_campaign("demo", {}, seed=0)
        ledger.request_profile(campaign.id, request)
        ledger.answer_profile(campaign.id, measured(request.request_id))
        rows = ledger.rows(campaign.id)
    with Ledger.open(place, create=False) as ledger:
        assert ledger.rows(ledger.campaign("demo").id) == rows
        assert ledger.check() == []


def test_a_file_named_by_a_url_is_made_with_its_folder(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/deep/er/l.sqlite").close()
    assert (tmp_path / "deep" / "er" / "l.sqlite").is_file()


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b"])
def test_text_that_not_every_database_can_hold_is_refused_and_never_found(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, name: str
) -> None:
    with pytest.raises(InputError, match="no zero byte and no lone surrogate"):
        ledger.create_campaign(name, {}, seed=0)
    with pytest.raises(InputError, match="no zero byte"):
        ledger.put_device(DeviceInfo(name, "id-1", "ready"))
    with pytest.raises(InputError, match="no zero byte"):
        ledger.request_profile(campaign.id, dataclasses.replace(request_for(16), device_identity=name))
    with pytest.raises(UnknownCampaignError):
        ledger.campaign(name)
    assert ledger.device(name) is None
    assert ledger.campaigns() == (campaign,)


def test_any_other_text_comes_back_as_it_was(ledger: Ledger) -> None:
    facts = {
        "zero": "a\x00b",
        "lone": "\ud800",
        "emoji": "\U0001f600",
        "long": "x" * 200_000,
        "quote": "'; DROP TABLE x",
    }
    made = ledger.create_campaign("\U0001f600 '\"%s:x é", facts, seed=2**63 - 1)
    assert ledger.campaign(made.name) == made
    assert (made.config, made.seed) == (facts, 2**63 - 1)


@pytest.mark.parametrize("arguments", [{"create": False}, {"read_only": True}])
def test_a_ledger_that_is_not_there_is_not_made_unless_asked(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="there is no ledger at"):
        Ledger.open(tmp_path / "l.sqlite", **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [{"create": False}, {"read_only": True}])
def test_there_is_no_ledger_at_a_place_where_nothing_was_made(place: Path | str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NoLedgerError, match="there is no ledger"):
        Ledger.open(place, **arguments)


def test_a_reader_does_not_write(place: Path | str) -> None:
    Ledger.open(place).close()
    with Ledger.open(place, read_only=True) as ledger, pytest.raises(LedgerError, match="cannot be written"):
        ledger.create_campaign("demo", {}, seed=0)


def test_an_answer_that_was_seen_and_is_gone_is_a_fault(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    for size in (16, 32):
        ledger.request_profile(campaign.id, request_for(size))
        ledger.answer_profile(campaign.id, measured(request_for(size).request_id))
    assert ledger.check() == []
    ledger._database.write(lambda connection: connection.exec_driver_sql("DELETE FROM measurements"))
    ledger._database.write(lambda connection: connection.exec_driver_sql("DELETE FROM campaign_rows WHERE number = 0"))
    assert ledger.check() == [
        "answers that a campaign has seen are gone (1 of them)",
        "numbers of campaign_rows are missing in campaign 'demo'",
    ]


def test_another_kind_of_database_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a file, sqlite:///FILE or postgresql") as caught:
        Ledger.open("mysql://user:secret@host/base")
    assert "secret" not in str(caught.value)
