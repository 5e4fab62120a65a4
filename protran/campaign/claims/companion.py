"""The companion of a campaign: trains and measures one reference exactly as the campaign's members were.

It is a campaign of its own that begins, and ends, with that one candidate (see `protran.campaign.origin`): the same
task, seeds, fidelities, workload, devices and repeats. Answers that are in the ledger are taken over.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from protran.campaign.ahead import WorkAhead, work_ahead
from protran.campaign.charter import read_charter
from protran.campaign.claims.reference import Reference
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import known_candidates
from protran.campaign.origin import config_from_origin
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.teacher import teacher_of_verification
from protran.config import CampaignConfig
from protran.errors import CampaignError, InputError, UnknownCampaignError
from protran.front import FrontCandidate
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.names import check_campaign_name, name_from
from protran.report.plural import how_many
from protran.training.request import TrainingRequest

_LONGEST = 64


class ReferenceNotMeasuredError(InputError):
    """The reference was not trained and measured as the campaign's members were.

    Attributes:
        reference: whom it is about.
        config: of the companion that does it; `protran.api.start_campaign` takes it, with the reference as candidate.
        ahead: what there is to do.
    """

    def __init__(self, message: str, reference: Reference, config: CampaignConfig, ahead: WorkAhead) -> None:
        super().__init__(message)
        self.reference = reference
        self.config = config
        self.ahead = ahead


@dataclass(frozen=True)
class Known:
    """A candidate with its values, and the findings that they come from."""

    member: FrontCandidate
    findings: Findings
    campaign: str


def companion_name(campaign: str, reference: Reference) -> str:
    """Returns the name of the companion: ``demo-vs-t1``; a long one is cut, and told apart by digits of its hash."""
    name = f"{campaign}-vs-{name_from(reference.name)}"
    if len(name) > _LONGEST:
        digits = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{name[: _LONGEST - len(digits) - 1].rstrip('-.')}-{digits}"
    return check_campaign_name(name)


def companion_config(ledger: Ledger, campaign: str, reference: Reference) -> CampaignConfig:
    """Returns the configuration of the companion; it is the same whenever it is asked for, so that it resumes.

    Budgets are none: a reference need not keep those of the campaign.

    Raises:
        InputError: there is no such campaign.
    """
    fields = {"name": companion_name(campaign, reference), "origin": campaign, "budgets": []}
    config = config_from_origin(ledger, fields)
    if not isinstance(config.space, dict):  # a charter holds the whole space
        return config
    return config.model_copy(update={"space": {**config.space, "name": f"{reference.name} alone"}})


def measured_reference(
    ledger: Ledger, problem: Problem, findings: Findings, verified: list[FrontCandidate], reference: Reference
) -> Known:
    """Returns what is known of the reference: by the campaign itself, or else by its companion.

    Args:
        ledger: holds both.
        problem: what the campaign is about.
        findings: what it has seen.
        verified: the candidates that it verified.
        reference: whom to look for.

    Raises:
        ReferenceNotMeasuredError: neither trained and measured it, or the companion is not complete.
        InputError: the companion's name belongs to another campaign.
        CampaignError: the companion is complete, and the reference failed.
    """
    name, key = problem.config.name, reference.candidate.key
    own = next((member for member in verified if member.candidate.key == key), None)
    if own is not None:
        return Known(own, findings, name)
    called = companion_name(name, reference)
    record = _companion(ledger, called, name, reference)
    if record is None or record.phase != Phase.DONE.value:
        raise _not_measured(ledger, problem, reference)
    theirs = findings_of(ledger.rows(record.id))
    known = known_candidates(read_charter(record.config), theirs, verified=True)
    if not known:
        reason = theirs.failure(reference.candidate) or "it has no value on some device"
        raise CampaignError(
            f"the reference {reference.name} could not be trained or measured as the members of {name} were: {reason}; "
            f"choose another"
        )
    return Known(known[0], theirs, called)


def _begun_with(reference: Reference, ledger: Ledger, problem: Problem) -> Problem:
    """Returns the companion's problem: the campaign's, with the reference and whoever taught the verified members."""
    teacher = teacher_of_verification(ledger, problem.config.name)
    taught_by = None if teacher is None else TrainingRequest.from_json(teacher)
    return dataclasses.replace(problem, origin=(reference.candidate,), teacher=taught_by)


def _companion(ledger: Ledger, called: str, campaign: str, reference: Reference) -> CampaignRecord | None:
    try:
        record = ledger.campaign(called)
    except UnknownCampaignError:
        return None
    begun = record.config.get("origin", [])
    if record.config["config"].get("origin") != campaign or begun != [reference.candidate.to_json()]:
        raise InputError(
            f"expected the campaign {called!r} to hold the reference {reference.name} of {campaign!r}, and it holds "
            f"something else; give the reference as a file of another name"
        )
    return record


def _not_measured(ledger: Ledger, problem: Problem, reference: Reference) -> ReferenceNotMeasuredError:
    name, ahead = problem.config.name, work_ahead(ledger, _begun_with(reference, ledger, problem))
    work = f"{how_many(ahead.trainings, 'training')} and {how_many(ahead.profiles, 'profile')}"
    return ReferenceNotMeasuredError(
        f"expected a reference that was trained and measured as the members of {name} were, and {reference.name} needs "
        f"{work} for that; `protran claims {name}` with this reference does them, unless --no-work forbids it",
        reference,
        companion_config(ledger, name, reference),
        ahead,
    )
