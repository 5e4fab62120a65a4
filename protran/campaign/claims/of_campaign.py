"""The claims of a finished campaign, read from the ledger alone."""

from __future__ import annotations

import dataclasses

from device_agents.flags import Flag
from protran.campaign.charter import read_charter
from protran.campaign.claims.choice import claims_about
from protran.campaign.claims.claim import Claim, Claims
from protran.campaign.claims.companion import Known, measured_reference
from protran.campaign.claims.comparison import Comparer
from protran.campaign.claims.difference import PairedErrors
from protran.campaign.claims.reference import Reference, find_reference, fitting
from protran.campaign.claims.trouble import went_backwards
from protran.campaign.findings import Findings, findings_of
from protran.campaign.fronts import contention_notes, front_of, known_candidates
from protran.campaign.phase import Phase
from protran.campaign.problem import Problem
from protran.errors import InputError
from protran.front import Front, normal_margin
from protran.ledger.ledger import Ledger
from protran.ledger.records import CampaignRecord
from protran.report.plural import how_many
from search_spaces.candidate import Candidate

SELECTION = (
    "members were chosen on the validation data, by other trainings than those that are told here, but on the same "
    "recordings; the errors on test data chose nobody"
)


def reference_of(ledger: Ledger, name: str, reference: str | Candidate, called: str | None = None) -> Reference:
    """Returns the reference for the claims of a campaign.

    Args:
        ledger: holds the campaign.
        name: of the campaign.
        reference: a preset, the first digits of a key, or a candidate.
        called: what people call that candidate; by default the first digits of its key.

    Raises:
        InputError: as `find_reference`, or the campaign is not complete.
    """
    record = ledger.campaign(name)
    problem = _complete(record)
    if isinstance(reference, Candidate):
        return fitting(Reference(called or reference.key[:8], reference), problem)
    return find_reference(reference, problem, findings_of(ledger.rows(record.id)).candidates.values())


def claims_of(
    ledger: Ledger, name: str, reference: Reference, *, device: str | None = None, confidence: float = 0.95
) -> Claims:
    """Returns the claims of a campaign against a reference; nothing is measured or trained.

    Args:
        ledger: holds the campaign and its companions.
        name: of the campaign.
        reference: from `reference_of`.
        device: whose latency, energy and power are compared; the campaign's first by default.
        confidence: probability of intervals, and of one-sided limits of differences.

    Raises:
        InputError: the campaign is not complete, the device is none of its, or the confidence is no probability.
        ReferenceNotMeasuredError: somebody must train and measure the reference first.
        CampaignError: the reference cannot be trained or measured.
    """
    normal_margin(confidence)  # refuses what is no probability
    record = ledger.campaign(name)
    problem = _complete(record)
    chosen = _device(problem, device)
    findings = findings_of(ledger.rows(record.id))
    verified = known_candidates(problem, findings, verified=True)
    known = measured_reference(ledger, problem, findings, verified, reference)
    objectives = [item for item in problem.objectives if item.device in (None, chosen)]
    front = front_of(problem, findings, verified=True, objectives=objectives)
    comparer = Comparer(problem, findings, verified, known, device=chosen, confidence=confidence)
    members = [member for member in front.candidates if member.candidate.key != reference.candidate.key]
    comparisons, values = [comparer.compare(member) for member in members], comparer.reference_values
    on_front = len(members) < len(front.candidates)
    found = claims_about(reference, comparisons, values, on_front=on_front)
    backwards = went_backwards(problem, known.findings, reference.candidate)
    return Claims(
        campaign=name,
        device=chosen,
        confidence=confidence,
        reference=reference,
        known=known,
        values=values,
        backwards=backwards,
        claims=tuple(_doubted(claim, reference.name) if backwards[0] else claim for claim in found),
        rule=_rule(reference.name, comparer.errors, confidence),
        notes=(*_trouble(reference.name, *backwards), *_notes(problem, reference, known, findings, front)),
    )


def _complete(record: CampaignRecord) -> Problem:
    if record.phase != Phase.DONE.value:
        raise InputError(
            f"expected a campaign that is complete, and {record.name!r} is in its phase {record.phase}; finish it "
            f"first with the command that began it"
        )
    return read_charter(record.config)


def _device(problem: Problem, device: str | None) -> str:
    names = [item.name for item in problem.devices]
    if device is not None and device not in names:
        raise InputError(f"device must be one of {', '.join(names)}; got {device!r}")
    return names[0] if device is None else device


def _rule(name: str, errors: PairedErrors, confidence: float) -> tuple[str, ...]:
    """Returns what the words of the claims mean."""
    share = f"{100 * confidence:g} %"
    limit = (
        f"beyond the error of their difference (one-sided, {share}): differences are paired by seed, and their spread "
        f"is pooled over {how_many(len(errors), 'model')} with {errors.freedom} degrees of freedom"
        if errors.spread is not None
        else "at all: with one seed each, nobody knows the error of a difference"
    )
    return (
        f"who scores as {name} does is the cheapest member (latency, then memory, then parameters) whose error is not "
        f"worse {limit}; not shown to be worse is not shown to be equal, so 'at most' says how much worse it may be",
        "± of an error is one standard error, recordings included; that of a difference is of the seeds alone, since "
        "both models were scored on the same recordings: it holds for these; the limit 'on other recordings' counts "
        "what they add, paired recording by recording",
        f"ratios have intervals of {share}; only those that exclude 1 are said to be lower or higher",
    )


def _doubted(claim: Claim, name: str) -> Claim:
    """Returns a claim that says itself what its reference is worth, since sentences are quoted alone."""
    doubt = f"yet trainings of {name} went backwards, so that it scores worse than it could"
    return dataclasses.replace(claim, sentence=f"{claim.sentence}; {doubt}")


def _trouble(name: str, backwards: int, trainings: int) -> list[str]:
    if not backwards:
        return []
    return [
        f"the training loss of {name} rose again in {backwards} of {how_many(trainings, 'training')}: the recipe does "
        f"not suit it, so claims about its score are worth little, those about its cost hold"
    ]


def _notes(problem: Problem, reference: Reference, known: Known, findings: Findings, front: Front) -> tuple[str, ...]:
    name = reference.name
    notes = [
        SELECTION,
        f"{name} was trained by the recipe of the members, for at most {how_many(problem.full.epochs, 'epoch')} as "
        f"they were; with a recipe of its own it may score better",
        *([reference.note] if reference.note else []),
        *contention_notes(findings, front),
    ]
    measured = [item for items in known.findings.measured.values() for item in items]
    own = [item for item in measured if known.campaign not in front.campaigns and Flag.CONTENDED.value in item.flags]
    if own:
        notes.append(f"contended: others used the machine while {name} was measured")
    if any(member.candidate.key == reference.candidate.key for member in front.candidates):
        notes.append(f"{name} is on the front itself; it is compared with the other members")
    return tuple(dict.fromkeys([*notes, *front.notes]))
