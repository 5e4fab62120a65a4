"""A ledger of each kind, and the smallest requests and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

SPEC = InputSpec(InputKind.WINDOWS, length=150, classes=7, channels=3, patch=5)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new ledger may be, of each kind that there is."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    url: str = request.getfixturevalue("postgres_server").new_url()
    return url


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with Ledger.open(place) as opened:
        yield opened


@pytest.fixture
def campaign(ledger: Ledger) -> CampaignRecord:
    return ledger.create_campaign("demo", {"name": "demo"}, seed=3)


@pytest.fixture
def candidate() -> Callable[[int], Candidate]:
    return lambda size: Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (size,)),)))


@pytest.fixture
def request_for(candidate: Callable[[int], Candidate]) -> Callable[..., ProfileRequest]:
    return lambda size, repeat=0: ProfileRequest(candidate(size), SPEC, Workload(), "device-1", repeat)


@pytest.fixture
def measured() -> Callable[..., Measurement]:
    def build(request_id: str, latency_s: float = 0.1) -> Measurement:
        value = Value(latency_s, latency_s / 7, Provenance.MEASURED_COUNTER)
        return Measurement(
            request_id,
            "device-1",
            MeasurementStatus.OK,
            values={"latency_s": value},
            flags=("contended",),
            blocks={"latency_ratio": (1.0, 1.0 / 3.0)},
            details={"iterations": 30},
            started_at="2026-11-22T00:00:00+00:00",
        )

    return build


@pytest.fixture
def failed() -> Callable[[str], Measurement]:
    return lambda request_id: Measurement(request_id, "device-1", MeasurementStatus.FAILED, reason="it crashed")


@pytest.fixture
def rejected() -> Callable[[str], Measurement]:
    return lambda request_id: Measurement(request_id, "device-1", MeasurementStatus.REJECTED, reason="it throttled")


@pytest.fixture
def evaluated(candidate: Callable[[int], Candidate]) -> Callable[..., Evaluation]:
    def build(training_key: str, size: int = 16, accuracy: float = 0.8) -> Evaluation:
        return Evaluation(
            training_key,
            candidate(size).architecture,
            "watch",
            Fidelity(3, 0.5),
            seed=1,
            status=EvaluationStatus.OK,
            metrics={"validation_accuracy": accuracy, "test_accuracy": accuracy - 0.1},
            stderr={"validation_accuracy": 0.01},
            train_s=1.5,
            epochs=3,
            details={"best_epoch": 2},
        )

    return build
