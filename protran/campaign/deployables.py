"""From a campaign to what can be exported of it: a verified candidate, the training that is deployed, what is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device_agents.measurement import Value
from protran.campaign.accounting import usage_of
from protran.campaign.campaign import plan_of
from protran.campaign.charter import read_charter
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import MEASURED, front_of, known_candidates
from protran.campaign.limits import emitted
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.campaign.work import WEIGHTS, trainings_of
from protran.deploy.deployable import Deployable, MeasuringDevice, SearchCost
from protran.errors import CampaignError, InputError
from protran.front import FrontCandidate
from protran.ledger.evaluation import Evaluation
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord, StepRecord
from protran.names import check_campaign_name
from protran.quantities import value_name
from protran.report.workload_line import workload_line
from protran.training.request import TrainingRequest
from protran.training.scored import scored_candidate
from search_spaces.candidate import Candidate

BEST = "best"
_FEWEST_DIGITS = 4
_KEY = re.compile(rf"[0-9a-f]{{{_FEWEST_DIGITS},}}")


def deployable_of(ledger: Ledger, name: str, which: str | None) -> Deployable:
    """Returns what there is to export of a campaign's candidate; nothing is trained.

    A candidate that was only searched is refused: its training was short and perhaps on a share of the data, to compare
    it with others, and nobody measured it a second time.

    Args:
        ledger: holds the campaign.
        name: of the campaign.
        which: the first digits of a candidate's key, or `BEST`: the least error on the front. None is refused with a
            sentence that lists the front.

    Raises:
        InputError: there is no such campaign or candidate, several keys begin so, or it was not verified.
        CampaignError: the ledger has no training of it that this version of the program could repeat.
    """
    record = ledger.campaign(name)
    known = _Known(record, read_charter(record.config), findings_of(ledger.rows(record.id)))
    member = _member(known, which)
    evaluation, request = _training(known, ledger.steps(record.id), member.candidate)
    return Deployable(
        campaign=record.name,
        began_at=record.created_at,
        member=member,
        request=request,
        evaluation=evaluation,
        seeds=tuple(known.problem.verify_seeds),
        workload=workload_line(known.problem.workload),
        evaluations=_others(known, request),
        measured=_measured(known, member.candidate),
        devices=_devices(known.problem, ledger),
        weights_folders=_weights_folders(known.problem, ledger.place.folder),
        cost=_cost(known, ledger),
    )


@dataclass(frozen=True)
class _Known:
    """A campaign and what it has seen."""

    record: CampaignRecord
    problem: Problem
    findings: Findings

    def verified(self) -> list[FrontCandidate]:
        """Returns all that is known of each verified candidate."""
        return known_candidates(self.problem, self.findings, verified=True)

    def front(self) -> list[FrontCandidate]:
        """Returns the members of the verified front, that of the least error first."""
        members = front_of(self.problem, self.findings, verified=True).candidates
        return sorted(members, key=lambda member: (member.number("error") or 0.0, member.candidate.key))


def _member(known: _Known, which: str | None) -> FrontCandidate:
    """Returns the verified candidate that a user means."""
    name, front = known.record.name, known.front()
    keys = ", ".join(member.candidate.key[:8] for member in front) or "none yet"
    if which is None:
        raise InputError(
            f"expected a candidate of {name!r} to export: {BEST}, or the first digits of one on its front ({keys}); "
            f"for all of the campaign in another program give --optuna sqlite:///FILE.db"
        )
    if known.record.phase != Phase.DONE.value:
        raise InputError(
            f"expected a campaign that is complete, and {name!r} is in its phase {known.record.phase}: its candidates "
            f"are not verified yet; finish it first with the command that began it"
        )
    if which == BEST:
        if not front:
            raise InputError(f"no candidate is on the front of {name!r}: give the key of a verified one")
        return front[0]
    return _by_key(known, which, keys)


def _by_key(known: _Known, which: str, keys: str) -> FrontCandidate:
    name = known.record.name
    if not _KEY.fullmatch(which):
        raise InputError(
            f"candidate must be {BEST} or the first digits of a key ({_FEWEST_DIGITS} or more), for example of one on "
            f"the front ({keys}); got {which[:80]!r}"
        )
    found = [member for member in known.verified() if member.candidate.key.startswith(which)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"several candidates of {name!r} begin with {which}; give more digits of one key")
    if any(key.startswith(which) for key in known.findings.candidates):
        raise InputError(
            f"candidate {which} was searched, not verified: only its short training for comparison is known, which "
            f"nobody should deploy; choose one of the front ({keys})"
        )
    raise InputError(f"no candidate of {name!r} begins with {which}; on its front are {keys}")


def _training(known: _Known, steps: Sequence[StepRecord], candidate: Candidate) -> tuple[Evaluation, TrainingRequest]:
    """Returns the training of a candidate that is deployed, answer and request."""
    problem, seed = known.problem, known.problem.verify_seeds[0]
    good = known.findings.scored.get((scored_candidate(candidate).key, problem.refit), [])
    answers = {evaluation.training_key: evaluation for evaluation in good if evaluation.seed == seed}
    for step in steps:
        if step.phase == Phase.VERIFY.value:
            for request in trainings_of(problem, plan_of(step)):
                if request.training_key in answers and request.fidelity == problem.refit:
                    return answers[request.training_key], request
    raise CampaignError(
        f"expected a training of candidate {candidate.key[:8]} on training and validation data with seed {seed} that "
        f"this version of the program can repeat, got none; export it with the version that ran the campaign"
    )


def _others(known: _Known, request: TrainingRequest) -> dict[str, Evaluation]:
    """Returns the answers of the same architecture, fidelity and seed, in whatever deployment, by training key."""
    return {
        evaluation.training_key: evaluation
        for (_, fidelity), evaluations in known.findings.scored.items()
        for evaluation in evaluations
        if (fidelity, evaluation.seed) == (request.fidelity, request.seed)
        and evaluation.architecture == request.architecture
    }


def _measured(known: _Known, candidate: Candidate) -> dict[str, dict[str, Value]]:
    """Returns the measured values of the other deployments of a candidate's architecture, by candidate key."""
    devices, found = known.problem.devices, {}
    for other in known.findings.candidates.values():
        if other.architecture != candidate.architecture or other.key == candidate.key:
            continue
        values = {
            value_name(quantity, device.name if len(devices) > 1 else None): value
            for device in devices
            for quantity in MEASURED
            if (value := known.findings.value(other, quantity, device.identity)) is not None
        }
        if values:
            found[other.key] = values
    return found


def _devices(problem: Problem, ledger: Ledger) -> tuple[MeasuringDevice, ...]:
    records = {device.identity: ledger.device(device.identity) for device in problem.devices}
    return tuple(
        MeasuringDevice(
            device.name, device.identity, {} if (known := records[device.identity]) is None else known.facts
        )
        for device in problem.devices
    )


def _weights_folders(problem: Problem, runs: Path) -> tuple[Path, ...]:
    """Returns where this campaign, or the one that it took its scores from, keeps weights."""
    names = [problem.config.name, *([problem.config.origin] if problem.config.origin else [])]
    return tuple(runs / check_campaign_name(name) / WEIGHTS for name in names)


def _cost(known: _Known, ledger: Ledger) -> SearchCost:
    usage = usage_of(ledger, known.record)
    stages = usage.stages.values()
    least, most = (sum(stage.core_seconds[end] for stage in stages) for end in (0, 1))
    return SearchCost((least, most), emitted(known.problem.config, usage), usage.reused)
