"""The front that a campaign's surrogates believe in: predicted values alone, never among measured ones."""

from __future__ import annotations

import dataclasses

from protran.campaign.across import objectives_across, with_values_across
from protran.campaign.front_query import FrontQuery, budgets_of, objectives_of
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.predicted_values import NOT_THE_SEARCHS_OWN, Predictor
from protran.campaign.preference import with_choice
from protran.errors import InputError
from protran.front import Front, FrontCandidate, pareto_front
from search_spaces.candidate import Candidate
from search_spaces.sampling import SamplingMethod, sample

MOST_SAMPLES = 100_000


def predicted_front(known: KnownCampaign, query: FrontQuery, *, samples: int = 0) -> Front:
    """Returns the front of what the surrogates predict of every searched candidate, and of a fresh sample of the space.

    Candidates that could not be profiled or trained are left out. Counts are exact and everything else is of
    provenance predicted; nothing that was measured stands in it.

    Args:
        known: the campaign.
        query: what is asked.
        samples: candidates of the space beside those that were searched: well spread, the same each time.

    Raises:
        InputError: what the query's front would refuse, too few rows, or a number of samples that cannot be had.
    """
    objectives, budgets = objectives_of(known, query), budgets_of(known, query)
    predictor = Predictor(known, objectives, budgets)
    searched = [item for item in known.findings.candidates.values() if known.findings.failure(item) is None]
    fresh = _fresh(known, samples)
    members = _owned(known, predictor.values([*searched, *fresh]), tells=bool(fresh) or known.whose is not None)
    wanted = tuple(objectives)
    if query.across is not None:
        names = [device.name for device in known.problem.devices]
        members = with_values_across(members, objectives, names, query.across)
        wanted = objectives_across(objectives, query.across)
    front = pareto_front(
        members,
        wanted,
        budgets,
        campaigns=known.names,
        devices=[device.name for device in known.problem.devices],
        confidence=query.confidence,
        dominance=query.dominance,
    )
    notes = [
        f"predicted by the surrogates after {predictor.rows} answers, for trainings at full fidelity: nothing here was "
        f"measured; ± is what they do not know",
        f"looked at are {len(searched)} searched candidates" + (f" and {len(fresh)} new ones" if fresh else ""),
        *([NOT_THE_SEARCHS_OWN] if known.seeded_elsewhere else []),
    ]
    front = dataclasses.replace(front, notes=(*notes, *known.notes, *front.notes))
    return with_choice(front, query.prefer, query.reference_point)


def _fresh(known: KnownCampaign, samples: int) -> list[Candidate]:
    """Returns candidates of the space that nobody has looked at."""
    if not 0 <= samples <= MOST_SAMPLES:
        raise InputError(f"samples must be a number from 0 to {MOST_SAMPLES}; got {samples}")
    space = known.problem.space
    drawn = sample(space, min(samples, space.size), SamplingMethod.SOBOL, known.problem.config.seed)
    return [candidate for candidate in drawn if candidate.key not in known.findings.candidates]


def _owned(known: KnownCampaign, members: list[FrontCandidate], *, tells: bool) -> list[FrontCandidate]:
    """Returns the members with whose they are, where that matters: of no campaign if they are new."""
    if not tells:
        return members
    whose = known.whose or dict.fromkeys(known.findings.candidates, known.names)
    return [dataclasses.replace(member, campaigns=whose.get(member.candidate.key, ())) for member in members]
