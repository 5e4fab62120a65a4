"""What a campaign used and emitted, as `protran status` tells it: a JSON object, or rows of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from device_agents.meters.energy_range import EnergyRange
from device_agents.meters.estimate import GENERIC_WATTS
from protran.campaign.usage import CampaignUsage, StageUsage
from protran.carbon.footprint import MEMORY_W_PER_GB, Footprint, Stage
from protran.carbon.grid import Grid
from protran.cli.carbon_text import emission_text, energy_text, grid_text
from protran.report.plural import how_many
from protran.units import Unit, format_value

_JOBS = {Stage.TRAINING: "training", Stage.INFERENCE: "profile", Stage.SEARCH: "proposal"}


@dataclass(frozen=True)
class CampaignFootprint:
    """The energy and the emission of a campaign's own work, training and inference (profiles) apart.

    Attributes:
        usage: what it used.
        grid: what fed it; None to leave out the grams.
        estimate: estimate energy from core-seconds where no sensor saw it.
        memory_term: add what the memory of the machines drew.
    """

    usage: CampaignUsage
    grid: Grid | None = None
    estimate: bool = False
    memory_term: bool = False

    def energies(self) -> dict[Stage, EnergyRange]:
        """Returns the energy of each stage that ran anything.

        Raises:
            InputError: the memory term is wanted, and the ledger does not know how much memory a machine has.
        """
        found = {}
        for stage, used in self.usage.stages.items():
            if used.jobs:
                energy = used.energy(estimate=self.estimate)
                wanted = self.memory_term and energy.low_j is not None
                found[stage] = energy.plus(self.usage.memory_energy(stage)) if wanted else energy
        return found

    def footprint(self) -> Footprint | None:
        """Returns the emission; None where no grid is named, or nothing ran. Raises `InputError` as `energies`."""
        energies = self.energies()
        return Footprint(energies, self.grid.intensity, self.grid.pue) if self.grid and energies else None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"stages": {stage: {"jobs", "untimed", …, "energy"}}, "reused", "simulated", "carbon"}``."""
        energies, footprint = self.energies(), self.footprint()
        return {
            "stages": {
                stage.value: {
                    "jobs": len(used.jobs),
                    "untimed": used.untimed,
                    "wall_s": used.wall_s,
                    "core_seconds": dict(zip(("low", "high"), used.core_seconds, strict=True)),
                    "energy": {**energies[stage].to_json(), "source": self._source(stage)}
                    if stage in energies
                    else None,
                }
                for stage, used in self.usage.stages.items()
            },
            "reused": self.usage.reused,
            "simulated": self.usage.simulated,
            "carbon": footprint.to_json() if footprint else None,
        }

    def rows(self) -> list[tuple[str, str]]:
        """Returns a label and words for each row."""
        energies, footprint = self.energies(), self.footprint()
        rows = [("grid", grid_text(self.grid) if self.grid else "none named; --country DE or --grid-intensity G does")]
        for stage, used in self.usage.stages.items():
            rows.append((stage.value, self._work(stage, used)))
            if stage in energies:
                rows.append((f"{stage.value} energy", energy_text(energies[stage], self._source(stage))))
            if stage in energies and footprint:
                rows.append((f"{stage.value} CO2e", emission_text(footprint.emission(stage))))
        if footprint:
            rows.append(("CO2e", emission_text(footprint.total(), "that of a part is")))
        return [*rows, *self._remarks()]

    def _work(self, stage: Stage, used: StageUsage) -> str:
        if not used.jobs:
            return "nothing ran here"
        least, most = (f"{seconds:.3g}" for seconds in used.core_seconds)
        cores = least if least == most else f"{least} to {most}"
        return (
            f"{how_many(len(used.jobs), _JOBS[stage])}, {format_value(used.wall_s, Unit.SECOND)}, {cores} core-seconds"
        )

    def _source(self, stage: Stage) -> str:
        """Returns where the energy of a stage comes from, or why there is none."""
        seen = [job.power_w is not None for job in self.usage.stages[stage].jobs]
        if not (self.estimate or all(seen)):
            return "no sensor saw all of it; --estimate-energy gives a range"
        parts = ["idle to busy power as the device's sensor saw it x seconds"] if any(seen) else []
        if not all(seen):
            parts.append(f"core-seconds x {GENERIC_WATTS.low_w:g} to {GENERIC_WATTS.high_w:g} W per core")
        if self.memory_term:
            parts.append(f"memory at {MEMORY_W_PER_GB:g} W per GB")
        return ", and ".join(parts)

    def _remarks(self) -> list[tuple[str, str]]:
        usage = self.usage
        left_out = [
            f"{how_many(used.untimed, f'failed {_JOBS[stage]}')} whose seconds nobody knows"
            for stage, used in usage.stages.items()
            if used.untimed
        ]
        if usage.reused:
            left_out.append(f"{how_many(usage.reused, 'answer')} that another campaign paid for")
        if usage.simulated:
            left_out.append(f"{how_many(usage.simulated, 'profile')} of simulated devices")
        return [("not counted", "; ".join(left_out))] if left_out else []
