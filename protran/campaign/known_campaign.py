"""One campaign, or several that can be looked at together, as the ledger knows them at one moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from protran.budgets import Budget
from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Device, Problem
from protran.errors import InputError
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRow
from protran.objectives import Objective


@dataclass(frozen=True)
class KnownCampaign:
    """What is known of a campaign, or of several together.

    Attributes:
        names: of the campaigns.
        problem: what they are about; of several, that of the first, with the devices, objectives and budgets of all.
        rows: all answers, each once.
        steps: what was proposed.
        verified: all have verified their fronts.
        whose: of several, candidate key -> names of the campaigns that looked at it; None for one.
        notes: sentences about what the campaigns do not share.
        seeded_elsewhere: its beliefs about hardware began with other devices' rows, which are not among `rows`.
    """

    names: tuple[str, ...]
    problem: Problem
    rows: tuple[CampaignRow, ...]
    findings: Findings
    steps: tuple[StepPlan, ...]
    verified: bool
    whose: Mapping[str, tuple[str, ...]] | None = None
    notes: tuple[str, ...] = ()
    seeded_elsewhere: bool = field(default=False)


def read_campaign(ledger: Ledger, name: str) -> KnownCampaign:
    """Returns what the ledger knows of one campaign by now.

    Raises:
        UnknownCampaignError: there is none of this name.
        CampaignError: it was written by a newer version.
    """
    record = ledger.campaign(name)
    rows = tuple(ledger.rows(record.id))
    return KnownCampaign(
        names=(name,),
        problem=read_charter(record.config),
        rows=rows,
        findings=findings_of(rows),
        steps=tuple(plan_of(step) for step in ledger.steps(record.id)),
        verified=record.phase == Phase.DONE.value,
        seeded_elsewhere=bool(record.config.get("sources")),
    )


def together(campaigns: Sequence[KnownCampaign]) -> KnownCampaign:
    """Returns campaigns of one ledger as if they were one: each answer counts once, each candidate stands once.

    Only devices, objectives and budgets that all of them have are looked at; notes say what is left out.

    Raises:
        InputError: a campaign is named twice; they are about different tasks, inputs or workloads, or train
            differently, so that their values cannot stand in one column; or they share no objective.
    """
    first, *others = campaigns
    if not others:
        return first
    names = [name for campaign in campaigns for name in campaign.names]
    if len(set(names)) < len(names):
        raise InputError(f"expected different campaigns, got {names[0]!r} twice; name each once")
    verified = all(campaign.verified for campaign in campaigns)
    for other in others:
        _check_comparable(first, other, verified=verified)
    fewest = min(campaigns, key=lambda campaign: campaign.problem.config.effort.verify_seeds)
    devices = _shared_devices(campaigns)
    objectives, budgets = _shared_objectives(campaigns, devices), _shared_budgets(campaigns, devices)
    if not objectives:
        raise InputError(f"the campaigns {', '.join(names)} share no objective; look at each alone")
    identities = {device.identity for device in devices}
    problem = dataclasses.replace(fewest.problem, devices=devices, objectives=objectives, budgets=budgets)
    rows = _each_once(campaigns, identities)
    return KnownCampaign(
        names=tuple(names),
        problem=problem,
        rows=rows,
        findings=findings_of(rows),
        steps=tuple(step for campaign in campaigns for step in campaign.steps),
        verified=verified,
        whose=_whose(campaigns),
        notes=tuple(_left_out(campaigns, devices, objectives, budgets)),
        seeded_elsewhere=any(campaign.seeded_elsewhere for campaign in campaigns),
    )


def _check_comparable(first: KnownCampaign, other: KnownCampaign, *, verified: bool) -> None:
    one, two = first.problem, other.problem
    parts = {
        "task": (one.task, two.task),
        "input": (one.input_spec, two.input_spec),
        "workload": (one.workload, two.workload),
        "recipe of training": ((one.recipe, one.distilled), (two.recipe, two.distilled)),
        "fidelity of training": (one.full, two.full) if verified else (one.low, two.low),
    }
    for what, (ours, theirs) in parts.items():
        if ours != theirs:
            told = f" ({one.task_name} and {two.task_name})" if what == "task" else ""
            raise InputError(
                f"the campaigns {first.names[0]} and {other.names[0]} differ in their {what}{told}, so their values "
                f"cannot stand in one column; look at each alone"
            )


def _shared_devices(campaigns: Sequence[KnownCampaign]) -> tuple[Device, ...]:
    others = [{device.identity for device in campaign.problem.devices} for campaign in campaigns[1:]]
    return tuple(device for device in campaigns[0].problem.devices if all(device.identity in ids for ids in others))


def _place(problem: Problem, device: str | None, *, on_device: bool) -> str | None:
    return problem.identity(device) if on_device else None


def _shared_objectives(campaigns: Sequence[KnownCampaign], devices: Sequence[Device]) -> tuple[Objective, ...]:
    names = {device.identity: device.name for device in devices}

    def places(problem: Problem) -> set[tuple[object, ...]]:
        return {(o.quantity, _place(problem, o.device, on_device=o.quantity.on_device)) for o in problem.objectives}

    shared = set.intersection(*(places(campaign.problem) for campaign in campaigns))
    first, found = campaigns[0].problem, []
    for item in first.objectives:
        where = _place(first, item.device, on_device=item.quantity.on_device)
        if (item.quantity, where) in shared and (where is None or where in names):
            device = None if where is None else names[where]
            qualified = device is not None and len(devices) > 1
            found.append(Objective(item.quantity, device, direction=item.direction, qualified=qualified))
    return tuple(found)


def _shared_budgets(campaigns: Sequence[KnownCampaign], devices: Sequence[Device]) -> tuple[Budget, ...]:
    names = {device.identity: device.name for device in devices}

    def places(problem: Problem) -> set[tuple[object, ...]]:
        return {
            (b.quantity, b.limit, _place(problem, b.device, on_device=b.quantity.on_device)) for b in problem.budgets
        }

    shared = set.intersection(*(places(campaign.problem) for campaign in campaigns))
    first, found = campaigns[0].problem, []
    for item in first.budgets:
        where = _place(first, item.device, on_device=item.quantity.on_device)
        if (item.quantity, item.limit, where) in shared and (where is None or where in names):
            device = None if where is None else names[where]
            found.append(dataclasses.replace(item, device=device, qualified=device is not None and len(devices) > 1))
    return tuple(found)


def _each_once(campaigns: Sequence[KnownCampaign], identities: set[str]) -> tuple[CampaignRow, ...]:
    """Returns the rows of all, each answer once, without failures on devices that not all of them have."""
    found: dict[str, CampaignRow] = {}
    for row in (row for campaign in campaigns for row in campaign.rows):
        if row.measurement is not None:
            if row.ok or row.measurement.device_identity in identities:
                found.setdefault(f"profile {row.measurement.request_id}", row)
        elif row.evaluation is not None:
            found.setdefault(f"training {row.evaluation.training_key}", row)
    return tuple(found.values())


def _whose(campaigns: Sequence[KnownCampaign]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for campaign in campaigns:
        for key in campaign.findings.candidates:
            found[key] = (*found.get(key, ()), *campaign.names)
    return found


def _left_out(
    campaigns: Sequence[KnownCampaign],
    devices: Sequence[Device],
    objectives: Sequence[Objective],
    budgets: Sequence[Budget],
) -> list[str]:
    notes, shared = [], {device.identity for device in devices}
    lost = {d.name: None for c in campaigns for d in c.problem.devices if d.identity not in shared}
    if lost:
        kept = ", ".join(device.name for device in devices) or "none"
        notes.append(f"looked at are devices of all campaigns ({kept}); left out: {', '.join(lost)}")
    if any(len(campaign.problem.objectives) != len(objectives) for campaign in campaigns):
        told = ", ".join(objective.name for objective in objectives)
        notes.append(f"the objectives are those of all campaigns: {told}")
    own = {budget.describe(): None for campaign in campaigns for budget in campaign.problem.budgets}
    dropped = [text for text in own if text not in {budget.describe() for budget in budgets}]
    if dropped:
        notes.append(f"budgets that not all campaigns have do not hold here: {', '.join(dropped)}")
    if len({campaign.verified for campaign in campaigns}) > 1:
        notes.append("one of the campaigns has not verified its front yet, so short trainings are compared")
    return notes
