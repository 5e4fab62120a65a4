"""From a campaign in the ledger to one JSON document (`protran.report.page.schema`), finished or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from device_agents.simulated_devices import is_simulated
from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import failure_notes
from protran.campaign.page.calibration import calibration_of
from protran.campaign.page.carbon import carbon_of, usage_seen
from protran.campaign.page.reproduce import installed_version, reproduction
from protran.campaign.page.views import (
    SHORT,
    VERIFIED,
    keys_of,
    known_by_view,
    objective_points,
    view_documents,
)
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.results import origins_of
from protran.campaign.status import status_of
from protran.carbon.grid import Grid
from protran.front import FrontCandidate
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord, CampaignRow, StepRecord
from protran.report.hypervolume_history import MOST_OBJECTIVES, hypervolume_history
from protran.report.page.drawing import candidate_document
from protran.report.page.learning import learning_curves
from protran.report.page.power import power_traces, why_no_power
from protran.report.page.quality import quality_of
from protran.report.page.schema import SCHEMA, VERSION, words
from protran.training.scored import scored_candidate


@dataclass(frozen=True)
class PageOptions:
    """What a page shows beside what the ledger says.

    Attributes:
        grid: what fed the machines, instead of the campaign's own; None to say no grams.
        estimate: estimate energy from core-seconds where no sensor saw it.
        calibrate: fit the surrogates again to show what they predicted. A campaign that runs is not disturbed by that:
            its page leaves it out until it is complete.
    """

    grid: Grid | None = None
    estimate: bool = False
    calibrate: bool = True


@dataclass(frozen=True)
class _Known:
    """What the ledger says of a campaign at one moment."""

    record: CampaignRecord
    problem: Problem
    rows: Sequence[CampaignRow]
    steps: Sequence[StepRecord]
    findings: Findings
    views: Mapping[str, Sequence[FrontCandidate]]

    @property
    def done(self) -> bool:
        return self.record.phase == Phase.DONE.value

    @cached_property
    def scored_keys(self) -> dict[str, str]:
        """Candidate key -> key of the candidate whose score is its own too; hashes are worked out once."""
        found = {}
        for key, candidate in self.findings.candidates.items():
            stand_in = scored_candidate(candidate)
            found[key] = key if stand_in == candidate else stand_in.key
        return found

    @property
    def names(self) -> dict[str, str]:
        """Device identity -> name."""
        return {device.identity: device.name for device in self.problem.devices}


def page_document(ledger: Ledger, name: str, options: PageOptions | None = None) -> dict[str, Any]:
    """Returns the document of a campaign; nothing new is measured or trained.

    Raises:
        UnknownCampaignError: there is none of this name.
        CampaignError: it was written by a newer version.
        LedgerError: the ledger cannot be read.
    """
    options = options or PageOptions()
    record = ledger.campaign(name)
    problem, rows = read_charter(record.config), ledger.rows(record.id)
    findings = findings_of(rows)
    known = _Known(record, problem, rows, ledger.steps(record.id), findings, known_by_view(problem, findings))
    devices = _devices(ledger, problem)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": VERSION,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "protran": installed_version(),
        "campaign": _campaign(ledger, known),
        "devices": devices,
        **_candidates_and_views(known),
        "hypervolume": _hypervolume(known),
        "learning_curves": _learning(known),
        "calibration": _calibration(known, options),
        "power": {"traces": power_traces(rows, known.names)},
        "quality": quality_of(rows, known.names),
        "carbon": _carbon(known, options),
        "reproduce": reproduction(problem, record),
        "words": words(),
    }
    document["missing"] = _missing(document, known, options)
    return document


def _campaign(ledger: Ledger, known: _Known) -> dict[str, Any]:
    problem, plans = known.problem, [plan_of(step) for step in known.steps]
    return {
        **status_of(ledger, known.record).to_json(),
        "done": known.done,
        "space_description": problem.space.description,
        "task_name": problem.task_name,
        "limits": [budget.to_json() for budget in problem.budgets],
        "steps": [
            {"number": step.number, "phase": step.phase, "proposals": len(step.proposals), "seen": step.seen}
            for step in known.steps
        ],
        "remarks": [remark for plan in plans for remark in plan.remarks],
        "failures": failure_notes(known.findings),
    }


def _devices(ledger: Ledger, problem: Problem) -> list[dict[str, Any]]:
    found = []
    for device in problem.devices:
        told = ledger.device(device.identity)
        found.append(
            {
                "name": device.name,
                "identity": device.identity,
                "simulated": is_simulated(device.name),
                "facts": {} if told is None else dict(told.facts),
                "reference": {} if told is None else dict(told.reference),
                "recorded_at": None if told is None else told.recorded_at,
            }
        )
    return found


def _candidates_and_views(known: _Known) -> dict[str, Any]:
    findings, plans = known.findings, [plan_of(step) for step in known.steps]
    origins = origins_of(plans, verified=known.done)
    documents = [
        candidate_document(
            candidate,
            key,
            origin=origins[key].value if key in origins else "",
            scored_as=known.scored_keys[key],
            failure=findings.unprofiled.get(key) or findings.untrained.get(known.scored_keys[key]),
        )
        for key, candidate in findings.candidates.items()
    ]
    places = {key: place for place, key in enumerate(findings.candidates)}
    return {"candidates": documents, "views": view_documents(known.problem, findings, known.views, places)}


def _hypervolume(known: _Known) -> dict[str, Any]:
    """Returns the history over the candidates in the order in which all of their objectives were known."""
    objectives = known.problem.objectives
    points = dict(objective_points(known.findings, known.views[SHORT], objectives))
    order = [key for key in _order_of_completion(known) if key in points]
    limits = {budget.name: budget.limit for budget in known.problem.budgets}
    return hypervolume_history(
        np.array([points[key] for key in order], dtype=np.float64).reshape(len(order), len(objectives)),
        objectives,
        [limits.get(objective.name) for objective in objectives] if limits else None,
    )


def _order_of_completion(known: _Known) -> list[str]:
    """Returns candidate keys in the order in which the last of profile and short training was there."""
    profiled: dict[str, int] = {}
    scored: dict[str, int] = {}
    for row in known.rows:
        if row.measurement is not None and row.ok:
            profiled.setdefault(row.candidate.key, row.number)
        elif row.evaluation is not None and row.ok and row.evaluation.fidelity == known.problem.low:
            scored.setdefault(row.candidate.key, row.number)
    ends = {}
    for key, number in profiled.items():
        score = scored.get(known.scored_keys[key])
        if score is not None:
            ends[key] = max(number, score)
    return sorted(ends, key=lambda key: (ends[key], key))


def _learning(known: _Known) -> dict[str, Any]:
    problem = known.problem
    kinds = {problem.low: "short", problem.refit: "refit", problem.full: "full"}
    shown = known.views[VERIFIED] or known.views[SHORT]
    first = {known.scored_keys[key] for key in keys_of(known.findings, shown)}
    evaluations = [row.evaluation for row in known.rows if row.evaluation is not None]
    return learning_curves(evaluations, kinds, first)


def _carbon(known: _Known, options: PageOptions) -> dict[str, Any]:
    simulated = {device.identity for device in known.problem.devices if is_simulated(device.name)}
    usage = usage_seen(known.rows, known.steps, simulated)
    return carbon_of(usage, known.problem.config, options.grid, estimate=options.estimate)


def _calibration(known: _Known, options: PageOptions) -> dict[str, Any]:
    if not (options.calibrate and known.done):
        return {"objectives": []}
    found = calibration_of(known.problem, known.findings, known.rows, known.steps)
    # the rows of other devices that its surrogates started from are chosen above this layer
    return {**found, "sources_left_out": bool(known.record.config.get("sources"))}


def _missing(document: Mapping[str, Any], known: _Known, options: PageOptions) -> dict[str, str]:
    """Returns a sentence for each part that is empty."""
    missing: dict[str, str] = {}
    if not document["views"]:
        missing["views"] = "No candidate has both a profile and a score yet."
    if not document["hypervolume"]["evaluations"]:
        missing["hypervolume"] = (
            f"The hypervolume is not computed for more than {MOST_OBJECTIVES} objectives."
            if len(known.problem.objectives) > MOST_OBJECTIVES
            else "No candidate has a value of every objective yet."
        )
    if not document["learning_curves"]["curves"]:
        missing["learning_curves"] = (
            "The scores were taken over from another campaign, or no training has ended yet."
            if known.problem.origin
            else "No training of this campaign has kept a history yet."
        )
    if not document["calibration"]["objectives"]:
        missing["calibration"] = _why_no_calibration(known, options)
    if not document["power"]["traces"]:
        missing["power"] = why_no_power(document["devices"])
    return missing


def _why_no_calibration(known: _Known, options: PageOptions) -> str:
    if not known.done:
        return "Shown when the campaign is complete: to fit the surrogates again would disturb what is measured now."
    if not options.calibrate:
        return "Left out on request."
    return "No step of this campaign proposed candidates from beliefs, so there is nothing to compare."
