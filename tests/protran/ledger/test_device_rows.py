from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable

import pytest

from device_agents.measurement import Measurement, ProfileRequest
from protran.ledger.device_rows import no_collections
from protran.ledger.ledger import Ledger

RequestFor = Callable[..., ProfileRequest]
Measured = Callable[..., Measurement]


@pytest.fixture
def filled(ledger: Ledger, request_for: RequestFor, measured: Measured, failed: Callable[[str], Measurement]) -> Ledger:
    """Two devices, one with three good measurements and a failed one, the other with one."""
    for size in (1, 2, 3):
        ledger.record_measurement(request_for(size), measured(request_for(size).request_id))
    ledger.record_measurement(request_for(4), failed(request_for(4).request_id))
    other = dataclasses.replace(request_for(1), device_identity="device-2")
    ledger.record_measurement(other, measured(other.request_id))
    return ledger


def test_good_measurements_are_given_by_device(filled: Ledger, request_for: RequestFor) -> None:
    rows = filled.measured_rows(10)
    assert {identity: len(found) for identity, found in rows.items()} == {"device-1": 3, "device-2": 1}
    assert {row.request for row in rows["device-1"]} == {request_for(size) for size in (1, 2, 3)}


def test_of_one_device_alone_where_it_is_named(filled: Ledger) -> None:
    assert list(filled.measured_rows(10, "device-2")) == ["device-2"]
    assert filled.measured_rows(10, "device-3") == {}


def test_no_more_than_asked_for_and_always_the_same(filled: Ledger) -> None:
    first, second = (filled.measured_rows(2)["device-1"] for _ in range(2))
    assert len(first) == 2
    assert first == second


def test_an_answer_of_an_older_procedure_is_not_current(filled: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = filled.measured_rows(10)["device-2"]
    assert row.current
    monkeypatch.setattr("device_agents.measurement.PROCEDURE_VERSION", 99)
    assert not row.current


def test_a_failure_is_an_answer_too(filled: Ledger, request_for: RequestFor) -> None:
    answer = filled.measurement(request_for(4).request_id)
    assert answer is not None
    assert answer.reason == "it crashed"
    assert filled.measurement(request_for(5).request_id) is None


@pytest.mark.parametrize("enabled", [True, False])
def test_the_search_for_cycles_is_put_off_and_goes_on_as_before_whatever_happens(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), no_collections():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
