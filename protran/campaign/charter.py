"""The charter of a campaign: what is fixed when it begins, as JSON in the ledger.

The configuration alone is not enough to go on with a campaign: a space file may have been edited since, a data file
exchanged, a sensor plugged in. So the space is stored whole, the task with its version, the objectives by name. Which
rows of other devices it starts from is stored too (see `protran.fewshot.campaign_sources`): the ledger grows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from protran.campaign.problem import Device, Problem
from protran.campaign.runtimes import check_runtimes
from protran.config import CampaignConfig
from protran.errors import CampaignError, InputError
from protran.fidelity import Fidelity
from protran.objectives import objectives_for
from protran.quantities import Quantity
from protran.tasks.registry import load_task
from protran.training.fidelity import fidelities
from protran.training.recipe import DISTILLATION, Recipe
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.deploy_words import widened
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace, load_space

CHARTER_VERSION = 4
WITHOUT_SOURCES = 3
"""Version of charters that name no sources: such a campaign learned from its own rows alone, and goes on so."""


def write_charter(
    config: CampaignConfig, devices: Sequence[Device], measurable: Collection[Quantity] = ()
) -> dict[str, Any]:
    """Returns the charter of a new campaign.

    Args:
        config: what the user asked for.
        devices: where candidates are measured.
        measurable: the sensor quantities that every device can measure.

    Raises:
        SpaceError: the space cannot be read, or its models cannot be deployed as asked.
        RequestError: the workload cannot run in one of the space's deployments.
        InputError: the space holds models of a family that cannot read the task's input, or a library is missing for
            what `deploy` asks for.
        TaskError: the task's data cannot be used.
    """
    space = _space(config)
    if config.origin is None:  # else nothing is scored, and what a device cannot run is left out of the front
        check_runtimes(config)
    task = load_task(config.task.source, config.task.options)
    family = task.input_spec.kind.family
    if space.family is not family:
        raise InputError(
            f"the task {task.name} needs a space of {family.value}s, and {space.name} holds {space.family.value}s; "
            f"`protran space list` names others"
        )
    for deployment in space.deployments:
        config.workload.workload().check_deployment(deployment)
    data = task.load()
    efforts = fidelities(len(data.train), len(data.validation))
    return {
        "version": CHARTER_VERSION,
        "config": config.to_json(),
        "space": space.to_json(),
        "task": task.reference(),
        "task_name": task.name,
        "input_spec": task.input_spec.to_json(),
        "devices": [{"name": device.name, "identity": device.identity} for device in devices],
        "objectives": [objective.name for objective in config.objective_list(measurable)],
        "recipe": Recipe().to_json(),
        "low": efforts.low.to_json(),
        "full": efforts.full.to_json(),
        "refit": efforts.refit.to_json(),
        "sources": [],
        "sources_left_out": [],
        **({"distilled": Recipe(distillation=DISTILLATION).to_json()} if config.distil else {}),
    }


def read_charter(charter: Mapping[str, Any]) -> Problem:
    """Returns the problem that a charter describes, without the rows of its sources, which are in the ledger.

    Raises:
        CampaignError: it was written by a newer version.
    """
    if charter.get("version") not in (WITHOUT_SOURCES, CHARTER_VERSION):
        raise CampaignError(
            f"this campaign is of version {charter.get('version')!r}, this program knows {CHARTER_VERSION}; "
            f"use the program that began it"
        )
    config = CampaignConfig.from_json(charter["config"])
    teacher = charter.get("teacher")
    return Problem(
        config=config,
        space=DesignSpace.from_json(charter["space"]),
        task_name=charter["task_name"],
        task=charter["task"],
        input_spec=InputSpec.from_json(charter["input_spec"]),
        devices=tuple(Device(item["name"], item["identity"]) for item in charter["devices"]),
        objectives=objectives_for(charter["objectives"], config.devices),
        budgets=config.budget_list(),
        workload=config.workload.workload(),
        recipe=Recipe.from_json(charter["recipe"]),
        low=Fidelity.from_json(charter["low"]),
        full=Fidelity.from_json(charter["full"]),
        refit=Fidelity.from_json(charter["refit"]),
        origin=tuple(Candidate.from_json(item) for item in charter.get("origin", ())),
        teacher=TrainingRequest.from_json(teacher) if teacher is not None else None,
        distilled=Recipe.from_json(charter["distilled"]) if "distilled" in charter else None,
    )


def check_same(config: CampaignConfig, charter: Mapping[str, Any]) -> None:
    """Refuses to go on with a campaign under another configuration.

    Raises:
        InputError: names the first field that differs.
    """
    before = CampaignConfig.from_json(charter["config"]).to_json()  # with the fields that came later
    now = config.to_json()
    for field in now:
        if before.get(field) != now[field]:
            raise InputError(
                f"campaign {config.name!r} was begun with {field} {_short(before.get(field))}, now it is "
                f"{_short(now[field])}; repeat the first command to resume it, or choose another --name"
            )


def _space(config: CampaignConfig) -> DesignSpace:
    """Returns the space with the ways of deployment that were asked for; the charter stores it whole."""
    space = DesignSpace.from_json(config.space) if isinstance(config.space, dict) else load_space(config.space)
    return widened(space, config.deploy_list())


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
