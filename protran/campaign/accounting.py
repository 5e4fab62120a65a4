"""Reads from the ledger what a campaign's own work used, as far as the answers and steps there say.

Answers that were taken over from another campaign, and simulated devices, used nothing here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from device_agents.measurement import Measurement
from device_agents.simulated_devices import is_simulated
from protran.campaign.charter import read_charter
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import Stage
from protran.devices import LOCAL
from protran.ledger.evaluation import Evaluation
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord, CampaignRow, StepRecord

SEARCH_BEGAN = "search_began_at"
SEARCH_S = "search_s"
SEARCH_CORE_S = "search_core_s"


def usage_of(ledger: Ledger, record: CampaignRecord) -> CampaignUsage:
    """Returns what a campaign used, from the ledger alone."""
    simulated = {device.identity for device in read_charter(record.config).devices if is_simulated(device.name)}
    memory: dict[str | None, float] = {}
    for device in ledger.devices():
        if size := device.facts.get("memory_bytes"):
            memory[device.identity] = float(size)
            if device.name == LOCAL:  # trainings run where the campaign does
                memory[None] = float(size)
    usage = usage_of_rows(ledger.rows(record.id), simulated, memory)
    search = StageUsage(tuple(job for step in ledger.steps(record.id) if (job := _proposal(step)) is not None))
    return dataclasses.replace(usage, stages={**usage.stages, Stage.SEARCH: search})


def usage_of_rows(
    rows: Iterable[CampaignRow], simulated: Collection[str] = (), memory_bytes: Mapping[str | None, float] | None = None
) -> CampaignUsage:
    """Returns what the answers of a campaign say.

    Args:
        rows: the answers.
        simulated: identities of simulated devices.
        memory_bytes: as in `CampaignUsage`.
    """
    jobs: dict[Stage, list[JobUsage | None]] = {Stage.TRAINING: [], Stage.INFERENCE: []}
    reused = in_simulation = 0
    for row in rows:
        if row.reused:
            reused += 1
        elif row.evaluation is not None:
            jobs[Stage.TRAINING].append(_training(row.evaluation))
        elif row.measurement is not None and row.measurement.device_identity in simulated:
            in_simulation += 1
        elif row.measurement is not None:
            jobs[Stage.INFERENCE].append(_profile(row.measurement, row.candidate.deployment.threads))
    stages = {
        stage: StageUsage(tuple(job for job in found if job is not None), found.count(None))
        for stage, found in jobs.items()
    }
    return CampaignUsage(stages, reused, in_simulation, memory_bytes or {})


def _proposal(step: StepRecord) -> JobUsage | None:
    """Returns what the search itself used to plan a step; None where an older version recorded none."""
    core_s = step.info.get(SEARCH_CORE_S)
    if core_s is None:
        return None
    return JobUsage(str(step.info[SEARCH_BEGAN]), float(step.info[SEARCH_S]), float(core_s), float(core_s))


def _training(evaluation: Evaluation) -> JobUsage | None:
    """Returns what a training used; one that failed did not tell its processor seconds. It has one thread."""
    if not evaluation.train_s:
        return None
    core_s = evaluation.details.get("train_core_s")
    least_s, most_s = (0.0, evaluation.train_s) if core_s is None else (float(core_s), float(core_s))
    return JobUsage(evaluation.started_at, evaluation.train_s, least_s, most_s)


def _profile(measurement: Measurement, threads: int) -> JobUsage | None:
    details: Mapping[str, Any] = measurement.details
    wall_s = details.get("wall_s")
    if wall_s is None:
        return None
    called_s = details.get("model_s", 0.0) * details.get("clean_share", 0.0)  # others had the processor in the rest
    energy = measurement.values.get("energy_j")
    power_w = None
    if energy is not None and energy.value is not None and {"calls_per_s", "idle_power_w"} <= details.keys():
        power_w = (details["idle_power_w"], energy.value * details["calls_per_s"])
    return JobUsage(
        measurement.started_at, wall_s, called_s, wall_s * max(1, threads), power_w, measurement.device_identity
    )
