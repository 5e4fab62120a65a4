from __future__ import annotations

from collections.abc import Callable

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, ProfileRequest
from protran.ledger.importing import CHUNK, Answered
from protran.ledger.ledger import Ledger
from protran.ledger.records import Asked, CampaignRecord, RequestState

RequestFor = Callable[..., ProfileRequest]
Measured = Callable[..., Measurement]
INFO = DeviceInfo("table", "imported:table", "imported", {"provenance": "imported"})


def answered(request: ProfileRequest, measured: Measured, latency_s: float = 0.1) -> Answered:
    return Answered.of(request, measured(request.request_id, latency_s))


def test_a_device_comes_with_all_its_measurements(ledger: Ledger, request_for: RequestFor, measured: Measured) -> None:
    rows = [answered(request_for(size), measured, size / 100) for size in range(1, CHUNK + 10)]
    told: list[int] = []
    assert ledger.import_device(INFO, rows, told.append)
    assert told == [CHUNK, CHUNK + 9]
    found = ledger.measured_rows(10_000)["device-1"]
    assert sorted(row.measurement.values["latency_s"].value or 0 for row in found) == [
        size / 100 for size in range(1, CHUNK + 10)
    ]
    assert ledger.check() == []


def test_a_device_that_is_there_is_not_imported_again(
    ledger: Ledger, request_for: RequestFor, measured: Measured
) -> None:
    assert ledger.import_device(INFO, [answered(request_for(1), measured)])
    assert not ledger.import_device(INFO, [answered(request_for(2), measured)])
    assert len(ledger.measured_rows(10)["device-1"]) == 1


def test_an_interrupt_leaves_nothing_of_an_import(ledger: Ledger, request_for: RequestFor, measured: Measured) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.import_device(INFO, [answered(request_for(1), measured)], interrupt)
    assert ledger.measured_rows(10) == {}
    assert ledger.devices() == ()
    assert ledger.import_device(INFO, [answered(request_for(1), measured)])


def test_of_two_answers_the_first_stands(ledger: Ledger, request_for: RequestFor, measured: Measured) -> None:
    request = request_for(1)
    assert ledger.record_measurement(request, measured(request.request_id, 0.1))
    assert not ledger.record_measurement(request, measured(request.request_id, 0.2))
    stands = ledger.measurement(request.request_id)
    assert stands == measured(request.request_id, 0.1)


def test_the_answer_to_another_request_is_refused(request_for: RequestFor, measured: Measured) -> None:
    with pytest.raises(ValueError, match="expected the answer to request"):
        Answered.of(request_for(1), measured(request_for(2).request_id))


def test_a_campaign_that_reuses_takes_the_answer_over(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(1)
    ledger.record_measurement(request, measured(request.request_id))
    asked = ledger.request_profile(campaign.id, request, reuse=True)
    assert asked == Asked(request.request_id, RequestState.ANSWERED, reused=True)
    assert [row.measurement for row in ledger.rows(campaign.id)] == [measured(request.request_id)]


def test_a_campaign_that_does_not_reuse_measures_anew(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(1)
    ledger.record_measurement(request, measured(request.request_id))
    asked = ledger.request_profile(campaign.id, request)
    assert asked == Asked(request_for(1, 1).request_id, RequestState.PENDING)


def test_a_repeat_may_come_before_the_first(ledger: Ledger, request_for: RequestFor, measured: Measured) -> None:
    ledger.record_measurement(request_for(1, 2), measured(request_for(1, 2).request_id))
    assert ledger.record_measurement(request_for(1), measured(request_for(1).request_id))


def test_what_a_campaign_waits_for_is_answered_and_taken_over(
    ledger: Ledger, campaign: CampaignRecord, request_for: RequestFor, measured: Measured
) -> None:
    request = request_for(1)
    ledger.request_profile(campaign.id, request)
    assert ledger.record_measurement(request, measured(request.request_id, 0.1))
    assert not ledger.answer_profile(campaign.id, measured(request.request_id, 0.2))
    assert [row.measurement for row in ledger.rows(campaign.id)] == [measured(request.request_id, 0.1)]
