"""A campaign as a study of Optuna, so that Optuna's dashboard and analyses show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import findings_of
from protran.campaign.plan import StepPlan
from protran.campaign.problem import Problem
from protran.campaign.results import origins_of
from protran.campaign.view import opened_for
from protran.errors import InputError
from protran.integration.optuna.campaign_trials import CampaignTrial, campaign_trials, directions_of
from protran.integration.optuna.study_storage import check_url, opened, shown
from protran.ledger.place import LedgerPlace, place_for
from protran.ledger.records import CampaignRecord

CAMPAIGN = "protran:campaign"
"""The study's attribute that says which campaign it shows."""
IDENTITY = "protran:trial"
"""The trials' attribute by which those that are there already are known."""


@dataclass(frozen=True)
class StudyExport:
    """What an export did.

    Attributes:
        study: its name, which is the campaign's.
        database: its URL, without a login.
        added: state (complete, pruned, fail) -> trials that were added now.
        present: trials of this campaign that were there before.
    """

    study: str
    database: str
    added: dict[str, int]
    present: int

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"study", "database", "added": {state: count}, "present"}``."""
        return {"study": self.study, "database": self.database, "added": dict(self.added), "present": self.present}


def export_campaign(
    name: str, url: str, *, runs: Path | str = Path("runs"), ledger: LedgerPlace | Path | str | None = None
) -> StudyExport:
    """Writes a campaign, finished or not, into a database of Optuna as a study of the same name.

    Exporting again adds what is new: candidates seen since, and those whose values have become better since (verified
    ones, trained ones), as trials of their own. Trials that are there are never changed.

    Args:
        name: the campaign.
        url: of the database, ``sqlite:///FILE`` or what else Optuna's `RDBStorage` takes.
        runs: the folder of the campaigns.
        ledger: the ledger, where it is not the one in `runs`.

    Raises:
        InputError: there is no such campaign, the database cannot be used, or it holds another study of this name.
        LedgerError: the ledger cannot be read.
    """
    place = place_for(runs, ledger)
    check_url(url, place)
    with opened_for(name, place) as opened_ledger:
        record = opened_ledger.campaign(name)
        findings = findings_of(opened_ledger.rows(record.id))
        steps = [plan_of(step) for step in opened_ledger.steps(record.id)]
    problem = read_charter(record.config)
    trials = list(campaign_trials(problem, findings, _phases(steps)))
    with opened(url) as storage:
        study = _study(storage, record, problem)
        present = {trial.user_attrs.get(IDENTITY) for trial in study.get_trials(deepcopy=False)}
        new = [item for item in trials if item.identity not in present]
        study.add_trials(_marked(item) for item in new)
    added = Counter(item.trial.state.name.lower() for item in new)
    states = {state: added[state] for state in ("complete", "pruned", "fail")}
    return StudyExport(name, shown(url), states, len(trials) - len(new))


def _marked(item: CampaignTrial) -> optuna.trial.FrozenTrial:
    item.trial.set_user_attr(IDENTITY, item.identity)
    return item.trial


def _phases(steps: list[StepPlan]) -> dict[str, str]:
    return {key: origin.value for key, origin in origins_of(steps, verified=True).items()}


def _study(storage: optuna.storages.RDBStorage, record: CampaignRecord, problem: Problem) -> optuna.Study:
    """Returns the study of a campaign, a new one where there is none.

    Raises:
        InputError: there is one of this name that shows something else.
    """
    attributes = _attributes(record, problem)
    directions = directions_of(problem)
    if record.name not in optuna.study.get_all_study_names(storage):
        study = optuna.create_study(study_name=record.name, storage=storage, directions=directions)
    else:
        study = optuna.load_study(study_name=record.name, storage=storage)
        same = study.directions == directions
        begun = study.user_attrs.items() <= attributes.items() and not study.get_trials(deepcopy=False)
        if not same or not (begun or study.user_attrs.get(CAMPAIGN) == attributes[CAMPAIGN]):
            raise InputError(
                f"the database holds a study {record.name!r} already, and not one of this campaign; name another "
                f"database"
            )
    if CAMPAIGN not in study.user_attrs:
        study.set_metric_names([objective.name for objective in problem.objectives])
        for key, value in attributes.items():
            study.set_user_attr(key, value)
    return study


def _attributes(record: CampaignRecord, problem: Problem) -> dict[str, Any]:
    """Returns what the study says of its campaign; who it is comes last, when all else is there."""
    return {
        "units": {objective.name: objective.unit for objective in problem.objectives},
        "budgets": [budget.describe() for budget in problem.budgets],
        "devices": [device.name for device in problem.devices],
        "space": problem.space.name,
        "task": problem.task_name,
        CAMPAIGN: {"name": record.name, "created_at": record.created_at, "seed": record.seed},
    }
