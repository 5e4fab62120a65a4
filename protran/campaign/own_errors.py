"""Standard errors for comparing candidates with each other: without what all of a campaign share.

- **Error of the task.** All candidates are scored on the same recordings with the same seeds. That of verified ones is
  the error of the seeds, pooled over all of them (`protran.campaign.claims.difference`); what the recordings contribute
  is left out, so the comparison holds for these. With one seed each, nobody knows the spread of trainings, and the
  whole standard error stands: fewer candidates are put off a front.
- **Latency and core-seconds** are ratios to the latency of a reference model. Where all candidates lean on one, its own
  error is a factor of all, and is left out; where they lean on several, it stays.
- Anything else keeps its standard error.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from device_agents.repeats import SECONDS
from protran.campaign.claims.difference import pooled_spread
from protran.campaign.findings import Findings
from protran.campaign.problem import Problem
from protran.front import FrontCandidate
from protran.quantities import Quantity, value_name


def with_own_stderrs(
    problem: Problem, findings: Findings, known: Sequence[FrontCandidate], *, verified: bool
) -> list[FrontCandidate]:
    """Returns the candidates with the standard errors by which they are compared with each other."""
    score = _error_of_scores(problem, findings, known) if verified else None
    shared = _shared_scales(problem, findings, known)
    found = []
    for member in known:
        own = {} if score is None else {Quantity.ERROR.value: score}
        for name, scale in shared.items():
            value = member.values.get(name)
            if value is not None and value.value is not None and value.stderr is not None:
                own[name] = math.sqrt(max(0.0, value.stderr**2 - (scale * value.value) ** 2))
        found.append(dataclasses.replace(member, own_stderrs=own))
    return found


def _error_of_scores(problem: Problem, findings: Findings, known: Sequence[FrontCandidate]) -> float | None:
    """Returns the standard error of a mean over seeds, by the spread of all; None where nobody knows it."""
    seeds = problem.verify_seeds
    table = [findings.errors_by_seed(member.candidate, problem.full, seeds) for member in known]
    spread, _ = pooled_spread([errors for errors in table if len(errors) == len(seeds)])
    return None if spread is None else spread / math.sqrt(len(seeds))


def _shared_scales(problem: Problem, findings: Findings, known: Sequence[FrontCandidate]) -> Mapping[str, float]:
    """Returns value name -> relative error that all candidates share, where all lean on one reference."""
    several, found = len(problem.devices) > 1, {}
    for device in problem.devices:
        scales = {
            (item.details.get("reference_latency_s"), item.details.get("reference_ratio_stderr"))
            for member in known
            for item in findings.measured.get((member.candidate.key, device.identity), [])
        }
        if len(scales) == 1 and (shared := scales.pop()[1]):
            for word in SECONDS:
                found[value_name(Quantity(word), device.name if several else None)] = float(shared)
    return found
