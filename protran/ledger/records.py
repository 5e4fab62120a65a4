"""What the ledger gives back: plain values, without a connection behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from search_spaces.candidate import Candidate


class RequestKind(str, Enum):
    """What a request asks for."""

    PROFILE = "profile"
    TRAINING = "training"


class RequestState(str, Enum):
    """How a request stands for the campaign that asked."""

    PENDING = "pending"
    ANSWERED = "answered"
    """The answer is among the campaign's rows."""


@dataclass(frozen=True)
class Asked:
    """What became of asking.

    Attributes:
        request_id: the request that stands in the ledger; for a profile, the id of the request to submit.
        state: whether its answer is among the campaign's rows already.
        reused: the answer came from another campaign.
    """

    request_id: str
    state: RequestState
    reused: bool = False


@dataclass(frozen=True)
class PendingTraining:
    """A training that was asked for.

    Attributes:
        training_key: what must be answered.
        payload: what the training worker gets.
    """

    training_key: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class CampaignRecord:
    """A campaign as the ledger knows it.

    Attributes:
        id: its number in this ledger.
        name: unique in this ledger.
        config: the configuration as JSON; `CampaignConfig.from_json` reads it.
        seed: root of every random number.
        phase: value of a `Phase`.
        created_at: UTC time stamp, ISO 8601.
        updated_at: UTC time stamp of the last change of phase.
    """

    id: int
    name: str
    config: Mapping[str, Any]
    seed: int
    phase: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class StepRecord:
    """One step: what was proposed, in which order, and how many rows the proposal depends on.

    Attributes:
        number: from 0, over all phases.
        phase: value of a `Phase`.
        proposals: what was proposed.
        seen: the proposal is a function of the campaign's first `seen` rows.
        info: figures about the proposal, as JSON.
        created_at: UTC time stamp, ISO 8601.
    """

    number: int
    phase: str
    proposals: tuple[Candidate, ...]
    seen: int
    info: Mapping[str, Any]
    created_at: str


@dataclass(frozen=True)
class CampaignRow:
    """One answer, at its place in the order in which the campaign saw answers: a measurement or an evaluation.

    Attributes:
        number: from 0.
        candidate: whom it is about; for an evaluation, the one that stands for all with the same score.
        measurement: the answer to a profile.
        evaluation: the answer to a training.
        request: the profile that was asked for.
        reused: the answer was taken over from another campaign.
    """

    number: int
    candidate: Candidate
    measurement: Measurement | None = None
    evaluation: Evaluation | None = None
    request: ProfileRequest | None = None
    reused: bool = False

    @property
    def ok(self) -> bool:
        """Whether the answer holds values."""
        if self.measurement is not None:
            return self.measurement.status is MeasurementStatus.OK
        return self.evaluation is not None and self.evaluation.status is EvaluationStatus.OK


@dataclass(frozen=True)
class Progress:
    """How many requests of a campaign stand how.

    Attributes:
        profiles_asked: all that can be answered; those that an older version of the procedure left open cannot.
        profiles_answered: of these; failed and rejected ones too.
        profiles_failed: of the answered.
        profiles_rejected: of the answered: measured, and not good enough. Most were asked again, as another request.
        trainings_asked: all.
        trainings_answered: of these.
        trainings_failed: of the answered.
    """

    profiles_asked: int = 0
    profiles_answered: int = 0
    profiles_failed: int = 0
    profiles_rejected: int = 0
    trainings_asked: int = 0
    trainings_answered: int = 0
    trainings_failed: int = 0


@dataclass(frozen=True)
class DeviceRecord:
    """A device as it last introduced itself.

    Attributes:
        identity: its stable identity.
        name: the name that the user gave.
        facts: processor, cores, memory …
        reference: facts about the reference model on this device, for example `latency_s` and `contended`.
        recorded_at: UTC time stamp, ISO 8601.
    """

    identity: str
    name: str
    facts: Mapping[str, Any]
    reference: Mapping[str, Any]
    recorded_at: str
