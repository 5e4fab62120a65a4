"""What a campaign's own work used and emitted, for its page."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any

from device_agents.meters.estimate import GENERIC_WATTS
from protran.campaign.accounting import SEARCH_BEGAN, SEARCH_CORE_S, SEARCH_S, usage_of_rows
from protran.campaign.limits import grid_of
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import Footprint, Stage
from protran.carbon.grid import Grid
from protran.config import CampaignConfig
from protran.ledger.records import CampaignRow, StepRecord

NO_SENSOR = "no sensor saw all of it, and nobody asked for an estimate; `--estimate-energy` gives a range"


def usage_seen(rows: Iterable[CampaignRow], steps: Iterable[StepRecord], simulated: Collection[str]) -> CampaignUsage:
    """Returns what `protran.campaign.accounting.usage_of` does, of rows that were read already.

    Args:
        rows: a campaign's answers.
        steps: its steps.
        simulated: identities of simulated devices.
    """
    usage = usage_of_rows(rows, simulated)
    infos = [step.info for step in steps if SEARCH_CORE_S in step.info]
    jobs = tuple(
        JobUsage(str(info[SEARCH_BEGAN]), float(info[SEARCH_S]), *2 * (float(info[SEARCH_CORE_S]),)) for info in infos
    )
    return dataclasses.replace(usage, stages={**usage.stages, Stage.SEARCH: StageUsage(jobs)})


def carbon_of(
    usage: CampaignUsage, config: CampaignConfig, grid: Grid | None = None, *, estimate: bool = False
) -> dict[str, Any]:
    """Returns jobs, seconds and energy of each kind of work; grams where a grid is named.

    Args:
        usage: what was used.
        config: may name a grid, and allow estimates.
        grid: instead of the campaign's own.
        estimate: estimate energy from core-seconds where no sensor saw it, as the campaign itself may say too.
    """
    own = config.grid
    estimate = estimate or (own is not None and own.estimate_energy)
    if grid is None and own is not None:
        grid = grid_of(own)
    energies = {stage: used.energy(estimate=estimate) for stage, used in usage.stages.items() if used.jobs}
    footprint = Footprint(energies, grid.intensity, grid.pue) if grid is not None and energies else None
    return {
        "stages": [
            {
                "stage": stage.value,
                "jobs": len(used.jobs),
                "untimed": used.untimed,
                "wall_s": used.wall_s,
                "core_seconds": dict(zip(("low", "high"), used.core_seconds, strict=True)),
                "energy": energies[stage].to_json() if stage in energies else None,
                "source": _source(used, estimate=estimate),
            }
            for stage, used in usage.stages.items()
        ],
        "reused": usage.reused,
        "simulated": usage.simulated,
        "footprint": None if footprint is None else footprint.to_json(),
        "estimated": estimate,
    }


def _source(used: StageUsage, *, estimate: bool) -> str:
    """Returns where the energy of a stage comes from, or why there is none."""
    if not used.jobs:
        return "nothing ran here"
    seen = [job.power_w is not None for job in used.jobs]
    if not (estimate or all(seen)):
        return NO_SENSOR
    parts = ["idle to busy power as the device's sensor saw it x seconds"] if any(seen) else []
    if not all(seen):
        parts.append(f"core-seconds x {GENERIC_WATTS.low_w:g} to {GENERIC_WATTS.high_w:g} W per core")
    return ", and ".join(parts)
