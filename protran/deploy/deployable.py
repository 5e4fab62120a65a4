"""What there is to export: a verified candidate, its training, and what its campaign knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_agents.measurement import Value
from protran.carbon.footprint import Emission
from protran.front import FrontCandidate
from protran.ledger.evaluation import Evaluation
from protran.training.request import TrainingRequest


@dataclass(frozen=True)
class MeasuringDevice:
    """A device of the campaign.

    Attributes:
        name: the user's.
        identity: that measurements carry.
        facts: what it said of itself: processor, cores, memory …
    """

    name: str
    identity: str
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class SearchCost:
    """What the whole campaign used.

    Attributes:
        core_seconds: of trainings, profiles and the search: at least, at most.
        emission: grams of CO2e; None where no grid was named or no sensor saw the energy.
        reused: answers that other campaigns paid for, which are in neither.
    """

    core_seconds: tuple[float, float]
    emission: Emission | None = None
    reused: int = 0


@dataclass(frozen=True)
class Deployable:
    """A verified candidate and the one training of it that is deployed.

    That training is fitted to training and validation windows, of the first seed of verification: all of its seeds are
    alike before their test scores are seen, and a model that was picked by its test score would have no honest one.

    Attributes:
        campaign: its name.
        began_at: UTC time stamp of the campaign, ISO 8601.
        member: the candidate as the front has it, with the values of all its trainings and measurements.
        request: the training, in the deployment in which it was scored.
        evaluation: the ledger's answer to it.
        seeds: all seeds of verification.
        workload: what was timed, in words.
        evaluations: the ledger's answers of the same architecture, fidelity and seed, by training key.
        measured: measured values of the architecture's other deployments, by candidate key.
        devices: of the campaign.
        weights_folders: where its weights may have been kept.
        cost: of the campaign; None where it is not known.
    """

    campaign: str
    began_at: str
    member: FrontCandidate
    request: TrainingRequest
    evaluation: Evaluation
    seeds: tuple[int, ...]
    workload: str
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict, hash=False)
    measured: Mapping[str, Mapping[str, Value]] = field(default_factory=dict, hash=False)
    devices: tuple[MeasuringDevice, ...] = ()
    weights_folders: tuple[Path, ...] = ()
    cost: SearchCost | None = None
