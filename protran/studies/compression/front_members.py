"""The members of a finished campaign's front, as models of the study; noted in the study's folder when first read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protran.campaign.charter import read_charter
from protran.campaign.findings import findings_of
from protran.campaign.fronts import front_of
from protran.campaign.phase import Phase
from protran.campaign.view import opened_for
from protran.errors import InputError, ProTranError
from protran.fidelity import Fidelity
from protran.ledger.place import place_for
from protran.report.architecture_line import candidate_line
from protran.studies.compression.models import StudyModel
from protran.studies.compression.recipes import CAMPAIGN
from protran.studies.compression.variant import Variant
from protran.studies.errors import StudyError
from protran.training.recipe import Recipe
from search_spaces.candidate import Candidate
from search_spaces.errors import SpaceError

NAME = "front.json"


@dataclass(frozen=True)
class FrontOfCampaign:
    """What a campaign found, and how it trains.

    Attributes:
        campaign: its name.
        members: the candidates of its verified front, best first.
        recipe: of its trainings; without its teacher, where it had one.
        fidelity: of its full trainings.
    """

    campaign: str
    members: tuple[Candidate, ...]
    recipe: Recipe
    fidelity: Fidelity

    def models(self) -> list[StudyModel]:
        """Returns the members, each in the deployment that it was found in."""
        return [
            StudyModel(
                f"front-{number}",
                f"front {number}",
                CAMPAIGN,
                member.architecture,
                self.recipe,
                self.fidelity,
                (Variant.FOUND,),
                member.deployment,
            )
            for number, member in enumerate(self.members, start=1)
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same."""
        return {
            "campaign": self.campaign,
            "members": [member.to_json() for member in self.members],
            "recipe": self.recipe.to_json(),
            "fidelity": self.fidelity.to_json(),
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> FrontOfCampaign:
        """Returns the front that `to_json` wrote."""
        return cls(
            payload["campaign"],
            tuple(Candidate.from_json(member) for member in payload["members"]),
            Recipe.from_json(payload["recipe"]),
            Fidelity.from_json(payload["fidelity"]),
        )


def front_of_campaign(name: str, runs: Path, task: Mapping[str, Any], ledger: Path | None = None) -> FrontOfCampaign:
    """Returns the verified front of a finished campaign on a task.

    Args:
        name: of the campaign.
        runs: the folder of the campaigns.
        task: the reference of the study's task.
        ledger: the file of its ledger; the usual one of that folder, if None.

    Raises:
        InputError: there is no such campaign, it is not finished, its front is empty, or it is of another task.
    """
    with opened_for(name, place_for(runs, ledger)) as known:
        record = known.campaign(name)
        if record.phase != Phase.DONE.value:
            raise InputError(f"the campaign {name!r} is not finished; give `protran search --name {name}` again first")
        problem, findings = read_charter(record.config), findings_of(known.rows(record.id))
    if dict(problem.task) != dict(task):
        raise InputError(
            f"the campaign {name!r} is of the task {problem.task_name} (version {problem.task.get('version')}), the "
            f"study is of {task['source']} (version {task['version']}); name a campaign of the same task"
        )
    members = tuple(member.candidate for member in front_of(problem, findings, verified=True).candidates)
    if not members:
        raise InputError(f"no member of the front of {name!r} keeps its budgets; name another campaign")
    recipe = dataclasses.replace(problem.recipe, distillation=0.0)
    return FrontOfCampaign(name, members, recipe, problem.full)


def noted_front(folder: Path) -> FrontOfCampaign | None:
    """Returns the front that this study has noted; None where it has none yet.

    Raises:
        StudyError: the note cannot be read.
    """
    path = folder / NAME
    try:
        return FrontOfCampaign.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ProTranError, SpaceError) as error:
        raise StudyError(f"{path}: expected the front of a campaign, got {error}; name another folder") from error


def note_front(front: FrontOfCampaign, folder: Path) -> None:
    """Notes a front in the study's folder: later starts go on with the same members.

    Raises:
        StudyError: the folder cannot be written.
    """
    path = folder / NAME
    partial = path.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(front.to_json(), indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StudyError(f"cannot write {path} ({error.strerror}); make room or name another folder") from error


def names_of(members: Sequence[Candidate]) -> list[str]:
    """Returns one line for each member, for the remarks of the table."""
    return [f"front {number}: {candidate_line(member)}" for number, member in enumerate(members, start=1)]
