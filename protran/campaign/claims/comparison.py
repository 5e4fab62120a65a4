"""One member of the front against the reference: how far apart their scores and their costs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_agents.measurement import Value
from protran.campaign.claims.companion import Known
from protran.campaign.claims.difference import Difference, PairedErrors
from protran.campaign.claims.measures import MEASURES, measures_of
from protran.campaign.claims.ratio import Ratio, ratio_of, shared_scale
from protran.campaign.findings import Findings
from protran.campaign.problem import Problem
from protran.fidelity import Fidelity
from protran.front import FrontCandidate
from protran.quantities import Quantity
from protran.training.recordings import RecordingCounts, pooled, recordings_of
from protran.training.scored import scored_candidate

_TIMES = (Quantity.LATENCY_S.value, Quantity.CORE_SECONDS.value)


@dataclass(frozen=True)
class Comparison:
    """A member against the reference.

    Attributes:
        member: the member of the front.
        values: of the member, by measure, and `error` and `test_error`.
        difference: of the errors on validation data, by which the member may have been chosen.
        test_difference: of the errors on test data, by which nobody was chosen; None where there are none.
        ratios: member over reference, by measure; of those that both have.
    """

    member: FrontCandidate
    values: Mapping[str, Value]
    difference: Difference
    test_difference: Difference | None
    ratios: Mapping[str, Ratio]

    @property
    def key(self) -> str:
        """The member's key."""
        return self.member.candidate.key

    def number(self, name: str) -> float:
        """Returns a value of the member; infinite where it is unavailable."""
        value = self.values[name].value
        return float("inf") if value is None else value


class Comparer:
    """Compares members with one reference on one device.

    Args:
        problem: what the campaign is about.
        findings: what it has seen.
        verified: all candidates that it verified: their seeds tell the spread of trainings.
        reference: what is known of the reference.
        device: name of the device.
        confidence: probability of intervals and one-sided limits.
    """

    def __init__(
        self,
        problem: Problem,
        findings: Findings,
        verified: list[FrontCandidate],
        reference: Known,
        *,
        device: str,
        confidence: float,
    ) -> None:
        self._problem, self._findings, self._reference = problem, findings, reference
        self._device, self._confidence = device, confidence
        sides = [(findings, member) for member in verified] + [(reference.findings, reference.member)]
        self.errors = self._paired(sides, "validation", problem.full)
        self.test_errors = self._paired(sides, "test", problem.refit)
        self.reference_values = measures_of(problem, reference.member, device)

    def compare(self, member: FrontCandidate) -> Comparison:
        """Returns the comparison of one verified member."""
        values = measures_of(self._problem, member, self._device)
        theirs = self.reference_values
        sides = ((self._findings, member.candidate), (self._reference.findings, self._reference.member.candidate))
        scale = shared_scale(sides, self._problem.identity(self._device))
        ratios = {
            measure.name: ratio_of(
                values[measure.name],
                theirs[measure.name],
                self._confidence,
                shared=scale if measure.name in _TIMES else 0.0,
            )
            for measure in MEASURES
        }
        difference = self._difference(self.errors, member, "error", values)
        tested = values["test_error"].value is not None and theirs["test_error"].value is not None and self.test_errors
        return Comparison(
            member,
            values,
            difference,
            self._difference(self.test_errors, member, "test_error", values) if tested else None,
            {name: ratio for name, ratio in ratios.items() if ratio is not None},
        )

    def _difference(
        self, errors: PairedErrors, member: FrontCandidate, name: str, values: Mapping[str, Value]
    ) -> Difference:
        sampling = (values[name].stderr or 0.0, self.reference_values[name].stderr or 0.0)
        return errors.difference(_scored(member), _scored(self._reference.member), sampling)

    def _paired(self, sides: list[tuple[Findings, FrontCandidate]], part: str, fidelity: Fidelity) -> PairedErrors:
        """Returns the errors on the `validation` or the `test` set."""
        seeds, metric = self._problem.verify_seeds, f"{part}_accuracy"
        table: dict[str, tuple[float, ...]] = {}
        recordings: dict[str, RecordingCounts] = {}
        for findings, member in sides:
            scored = findings.scored.get((_scored(member), fidelity), [])
            by_seed = {e.seed: e for e in scored if e.seed in seeds and metric in e.metrics}
            if len(by_seed) == len(seeds):
                table[_scored(member)] = tuple(1.0 - by_seed[seed].metrics[metric] for seed in seeds)
                kept = [recordings_of(evaluation, part) for evaluation in by_seed.values()]
                counts = [item for item in kept if item is not None]
                if len(counts) == len(seeds):
                    recordings[_scored(member)] = pooled(counts)
        return PairedErrors(table, self._confidence, recordings)


def _scored(member: FrontCandidate) -> str:
    """Returns the key under which the member is scored: other ways to run it may have the same scores."""
    return scored_candidate(member.candidate).key


def by_cost(comparison: Comparison) -> tuple[Any, ...]:
    """Returns what members are sorted by, cheapest first: latency, then memory, then parameters."""
    names = (Quantity.LATENCY_S.value, Quantity.MEMORY_BYTES.value, Quantity.PARAMETERS.value)
    return (*(comparison.number(name) for name in names), comparison.key)


def by_error(comparison: Comparison) -> tuple[Any, ...]:
    """Returns what members are sorted by, best score first, the cheaper one of equals."""
    return (comparison.number("error"), *by_cost(comparison))
