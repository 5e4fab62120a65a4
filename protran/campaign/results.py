"""The files that a campaign leaves in its folder: the front as JSON and as a picture."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from protran.campaign.across import way_of, with_values_across
from protran.campaign.findings import Findings
from protran.campaign.fronts import known_candidates
from protran.campaign.phase import Phase
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.errors import CampaignError, InputError
from protran.front import Front
from protran.report.front_picture import draw_front
from protran.report.picture import Origin

FRONT_JSON, FRONT_PNG = "front.json", "front.png"


def write_results(
    folder: Path, problem: Problem, findings: Findings, steps: Sequence[StepPlan], front: Front, *, verified: bool
) -> None:
    """Writes `front.json` and `front.png` into `folder`; each is replaced as a whole or not at all.

    Raises:
        CampaignError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(front.to_json(), indent=2, sort_keys=True, allow_nan=False) + "\n"
        _replace(folder / FRONT_JSON, text)
        drawn = draw_campaign(folder / f".{FRONT_PNG}", problem, findings, steps, front, verified=verified)
        os.replace(drawn, folder / FRONT_PNG)
    except (OSError, InputError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CampaignError(
            f"cannot write the results into {folder}: {reason}; the ledger has everything, so make "
            f"the folder writable and repeat the command"
        ) from error


def draw_campaign(
    path: Path, problem: Problem, findings: Findings, steps: Sequence[StepPlan], front: Front, *, verified: bool
) -> Path:
    """Draws a front of a campaign among its other candidates and returns `path`.

    Raises:
        InputError: the path does not end like a picture, or cannot be written.
    """
    document = front.to_json()
    known, devices = known_candidates(problem, findings, verified=verified), [item.name for item in problem.devices]
    if (how := way_of(front.objectives, devices)) is not None:
        known = with_values_across(known, front.objectives, devices, how)
    others = {**document, "candidates": [member.to_json() for member in known]}
    return draw_front(document, path, dominated=others, origins=origins_of(steps, verified=verified))


def origins_of(steps: Sequence[StepPlan], *, verified: bool) -> dict[str, Origin]:
    """Returns how the campaign came by each candidate, by key: the first step that proposed it."""
    origins: dict[str, Origin] = {}
    for step in steps:
        for candidate in step.candidates:
            if step.phase is Phase.VERIFY and verified:
                origins[candidate.key] = Origin.VERIFIED
            elif step.phase is not Phase.VERIFY:
                origins.setdefault(candidate.key, Origin(step.phase.value))
    return origins


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
