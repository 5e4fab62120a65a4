"""What a campaign's own work used of the machines that ran it, trainings and profiles apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY, EnergyRange
from device_agents.meters.estimate import estimate_energy
from protran.carbon.footprint import Stage, memory_energy
from protran.errors import InputError


@dataclass(frozen=True)
class JobUsage:
    """What one job used.

    Attributes:
        began_at: UTC time stamp, ISO 8601; empty where unknown.
        wall_s: seconds from its start to its end.
        least_core_s: processor seconds that it surely used.
        most_core_s: processor seconds that it used at most.
        power_w: idle and busy power of the device, where its sensor saw them during this job.
        device_identity: of the device that was profiled on; None for a training.
    """

    began_at: str
    wall_s: float
    least_core_s: float
    most_core_s: float
    power_w: tuple[float, float] | None = None
    device_identity: str | None = None

    def energy(self, *, estimate: bool) -> EnergyRange:
        """Returns its energy: powers that a sensor saw times seconds, else, if it may be, the generic estimate.

        No sensor follows a profile from its start to its end. What it sees is the idle power around the energy pass and
        the power in it; all of the job lies between the two. That is an estimate, from readings of this very device.
        """
        if self.power_w is not None:
            low_w, high_w = sorted(self.power_w)
            return EnergyRange(low_w * self.wall_s, high_w * self.wall_s, Provenance.ESTIMATED_CALIBRATED)
        if not estimate:
            return UNAVAILABLE_ENERGY
        least, most = estimate_energy(self.least_core_s), estimate_energy(self.most_core_s)
        return EnergyRange(least.low_j, most.high_j, most.provenance)


@dataclass(frozen=True)
class StageUsage:
    """What the jobs of one kind used.

    Attributes:
        jobs: those whose seconds are known.
        untimed: jobs of which the ledger knows no seconds: failures.
    """

    jobs: tuple[JobUsage, ...] = ()
    untimed: int = 0

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds of all jobs, those that ran at once counted each."""
        return sum(job.wall_s for job in self.jobs)

    @property
    def core_seconds(self) -> tuple[float, float]:
        """Processor seconds: at least, at most."""
        return sum(job.least_core_s for job in self.jobs), sum(job.most_core_s for job in self.jobs)

    def energy(self, *, estimate: bool) -> EnergyRange:
        """Returns the energy of all jobs whose seconds are known; unavailable where that of one is, or there is none.

        Args:
            estimate: estimate from core-seconds where no sensor saw a job.
        """
        found = [job.energy(estimate=estimate) for job in self.jobs]
        return reduce(EnergyRange.plus, found) if found else UNAVAILABLE_ENERGY


@dataclass(frozen=True)
class CampaignUsage:
    """What a campaign used.

    Attributes:
        stages: trainings (`Stage.TRAINING`), profiles (`Stage.INFERENCE`) and the search's own proposals
            (`Stage.SEARCH`).
        reused: answers that another campaign paid for.
        simulated: profiles of simulated devices, which ran nowhere.
        memory_bytes: of machines, by device identity; of the one that trains by None.
    """

    stages: Mapping[Stage, StageUsage] = field(hash=False)
    reused: int = 0
    simulated: int = 0
    memory_bytes: Mapping[str | None, float] = field(default_factory=dict, hash=False)

    def memory_energy(self, stage: Stage) -> EnergyRange:
        """Returns what the memory of the machines drew while jobs of a stage ran there: Green Algorithms' memory term.

        Raises:
            InputError: the ledger does not know how much memory a machine has.
        """
        jobs: dict[str | None, list[JobUsage]] = defaultdict(list)
        for job in self.stages[stage].jobs:
            jobs[job.device_identity].append(job)
        unknown = [identity for identity in jobs if identity not in self.memory_bytes]
        if unknown:
            what = "machine that trained" if unknown[0] is None else f"device {unknown[0]}"
            raise InputError(f"the memory term needs the memory of the {what}, the ledger has none; leave the term out")
        terms = (memory_energy(self.memory_bytes[identity], busy_s(found)) for identity, found in jobs.items())
        return reduce(EnergyRange.plus, terms, memory_energy(0, 0))


def busy_s(jobs: Sequence[JobUsage]) -> float:
    """Returns the seconds in which at least one of the jobs ran; those without a time stamp ran alone."""
    spans = sorted((datetime.fromisoformat(job.began_at).timestamp(), job.wall_s) for job in jobs if job.began_at)
    total_s, end_s = sum(job.wall_s for job in jobs if not job.began_at), float("-inf")
    for began_s, wall_s in spans:
        total_s += max(0.0, began_s + wall_s - max(began_s, end_s))
        end_s = max(end_s, began_s + wall_s)
    return total_s
