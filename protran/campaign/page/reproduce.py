"""How to run a campaign again: its configuration, a command, seeds, versions and machines."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from protran.campaign.problem import Problem
from protran.config import CampaignConfig, config_from_arguments
from protran.errors import InputError
from protran.ledger.records import CampaignRecord

CAMPAIGN_FILE = "campaign.yaml"


def reproduction(problem: Problem, record: CampaignRecord) -> dict[str, Any]:
    """Returns the commands that begin the same campaign, its file, and what else the answers depend on."""
    charter = record.config
    return {
        "command": _short_command(problem.config),
        "file": CAMPAIGN_FILE,
        "file_command": f"protran search {CAMPAIGN_FILE}",
        "config": _portable(problem.config, charter),
        "seed": record.seed,
        "verification_seeds": list(problem.verify_seeds),
        "fidelities": {
            name: fidelity.to_json()
            for name, fidelity in (("short", problem.low), ("full", problem.full), ("refit", problem.refit))
        },
        "workload": problem.workload.to_json(),
        "recipe": problem.recipe.to_json(),
        "charter_version": charter.get("version"),
        "task": {"name": problem.task_name, **dict(problem.task)},
        "protran": installed_version(),
        "note": (
            "The same rows give the same proposals, whoever asks; fresh timings differ, so a second run may take "
            "another way. Scores of a training are the same for the same versions on the same kind of machine."
        ),
    }


def installed_version() -> str:
    """Returns the version of this program."""
    try:
        return version("protran")
    except PackageNotFoundError:
        return "unknown"


def _portable(config: CampaignConfig, charter: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the configuration as JSON (which is YAML), with the space itself where a file of this machine held it."""
    payload = config.to_json()
    space = payload["space"]
    if isinstance(space, str) and space != charter["space"]["name"]:
        payload["space"] = charter["space"]
    return {name: value for name, value in payload.items() if value is not None}


def _short_command(config: CampaignConfig) -> str | None:
    """Returns the command with options alone, where it says all of the configuration; None where a file must."""
    if not isinstance(config.space, str) or config.task.options:
        return None
    fields: dict[str, Any] = {
        "name": config.name,
        "space": config.space,
        "task": config.task.source,
        "devices": config.devices,
        "effort": config.effort.preset.value,
        "seed": config.seed,
        "budgets": config.budgets,
        "objectives": config.objectives,
        "deploy": config.deploy,
        "distil": config.distil,
    }
    try:
        if config_from_arguments(fields) != config:
            return None
    except InputError:
        return None
    words = ["protran", "search", "--name", config.name, "--space", config.space, "--task", config.task.source]
    for option, values in (("--device", config.devices), ("--budget", config.budgets), ("--deploy", config.deploy)):
        words += [word for value in values for word in (option, value)]
    if config.objectives != "auto":
        words += [word for value in config.objectives for word in ("--objective", value)]
    words += ["--effort", config.effort.preset.value, "--seed", str(config.seed)]
    return shlex.join([*words, "--distil"] if config.distil else words)
