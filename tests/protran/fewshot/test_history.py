from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from device_agents.device import DeviceInfo
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.fewshot.history import Conditions, histories, own_history
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.presets import BERT_INPUT, preset
from search_spaces.space import DesignSpace

WANTED = Conditions(BERT_INPUT, Workload())
BATCH = Conditions(BERT_INPUT, Workload(batch_size=8))


@pytest.fixture
def put(ledger: Ledger) -> Callable[..., None]:
    """Records one measurement."""

    def record(
        candidate: Candidate,
        latency_s: float = 0.1,
        conditions: Conditions = WANTED,
        device: str = "a",
        repeat: int = 0,
        provenance: Provenance = Provenance.MEASURED_COUNTER,
    ) -> None:
        request = ProfileRequest(candidate, conditions.input_spec, conditions.workload, device, repeat)
        values = {"latency_s": Value(latency_s, 0.01, provenance)}
        answer = Measurement(request.request_id, device, MeasurementStatus.OK, values)
        ledger.record_measurement(request, answer)

    return record


Put = Callable[..., None]


def test_repeats_of_a_candidate_are_one_value(
    ledger: Ledger, space: DesignSpace, candidates: list[Candidate], put: Put
) -> None:
    put(candidates[0], 0.1)
    put(candidates[0], 0.3, repeat=1)
    (history,) = histories(ledger, space, WANTED)
    assert history.candidates == (candidates[0],)
    value = history.value(candidates[0], "latency_s")
    assert value is not None
    assert value.value == pytest.approx(0.2)
    assert history.value(candidates[0], "energy_j") is None


def test_candidates_of_another_space_are_left_out(ledger: Ledger, space: DesignSpace, put: Put) -> None:
    put(preset("t1")[0])
    assert histories(ledger, space, WANTED) == []


def test_the_wanted_conditions_count_before_more_candidates(
    ledger: Ledger, space: DesignSpace, candidates: list[Candidate], put: Put
) -> None:
    for candidate in candidates[:3]:
        put(candidate, conditions=BATCH)
    assert histories(ledger, space, WANTED)[0].conditions == BATCH
    put(candidates[4])
    (history,) = histories(ledger, space, WANTED)
    assert (history.conditions, history.candidates) == (WANTED, (candidates[4],))


def test_values_of_several_provenances_are_not_mixed(
    ledger: Ledger, space: DesignSpace, candidates: list[Candidate], put: Put
) -> None:
    put(candidates[0])
    put(candidates[1])
    put(candidates[2], provenance=Provenance.ESTIMATED_GENERIC)
    (history,) = histories(ledger, space, WANTED)
    assert set(history.values("latency_s")) == {candidates[0].key, candidates[1].key}


def test_devices_of_one_name_are_told_apart(
    ledger: Ledger, space: DesignSpace, candidates: list[Candidate], put: Put
) -> None:
    for identity in ("a", "b", "c"):
        ledger.put_device(DeviceInfo("pi" if identity != "c" else "nano", identity, "ready"))
        put(candidates[0], device=identity)
    assert [history.name for history in histories(ledger, space, WANTED)] == ["nano", "pi (a)", "pi (b)"]


def test_a_devices_own_rows_are_of_exactly_these_conditions_and_this_procedure(
    ledger: Ledger,
    space: DesignSpace,
    candidates: list[Candidate],
    put: Put,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert own_history(ledger, space, WANTED, "a") is None
    put(candidates[0], conditions=BATCH)
    put(candidates[1])
    put(candidates[2], device="b")
    own = own_history(ledger, space, WANTED, "a")
    assert own is not None
    assert own.candidates == (candidates[1],)
    longer = dataclasses.replace(WANTED, input_spec=dataclasses.replace(BERT_INPUT, length=64))
    assert own_history(ledger, space, longer, "a") is None
    monkeypatch.setattr("device_agents.measurement.PROCEDURE_VERSION", 99)
    assert own_history(ledger, space, WANTED, "a") is None
