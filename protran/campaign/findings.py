"""What the rows that a campaign has seen say about each candidate."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import numpy as np

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from device_agents.repeats import SECONDS, mean_of_repeats
from protran.campaign.attempts import MOST_ATTEMPTS
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.records import CampaignRow
from protran.quantities import Quantity
from protran.training.hurdle import stop_of
from protran.training.scored import scored_candidate
from search_spaces.candidate import Candidate


@dataclass
class Findings:
    """Measurements and evaluations by candidate; filled once by `findings_of`, then only read.

    Attributes:
        candidates: by candidate key, those that were profiled (well or not), in the order of first sight.
        measured: (candidate key, device identity) -> good measurements, by repeat.
        scored: (key of the candidate as it is scored, fidelity) -> good evaluations, by seed.
        stopped: the same of trainings that were stopped as hopeless: of what they reached nobody is a member of a
            front, or verified.
        unprofiled: candidate key -> the reason why it could not be profiled.
        rejected: those of `unprofiled` that ran, but whose every measurement for one purpose was rejected.
        untrained: key of the candidate as it is scored -> the reason why it could not be trained and scored.
    """

    candidates: dict[str, Candidate] = field(default_factory=dict)
    measured: dict[tuple[str, str], list[Measurement]] = field(default_factory=lambda: defaultdict(list))
    scored: dict[tuple[str, Fidelity], list[Evaluation]] = field(default_factory=lambda: defaultdict(list))
    stopped: dict[tuple[str, Fidelity], list[Evaluation]] = field(default_factory=lambda: defaultdict(list))
    unprofiled: dict[str, str] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    untrained: dict[str, str] = field(default_factory=dict)

    def failure(self, candidate: Candidate) -> str | None:
        """Returns why this candidate cannot be used, or None if nothing speaks against it."""
        return self.unprofiled.get(candidate.key) or self.untrained.get(scored_candidate(candidate).key)

    def stops(self, candidate: Candidate, fidelity: Fidelity) -> list[Evaluation]:
        """Returns the trainings of this candidate at a fidelity that were stopped, unless another one ended."""
        place = (scored_candidate(candidate).key, fidelity)
        return [] if self.scored.get(place) else self.stopped.get(place, [])

    def value(self, candidate: Candidate, quantity: Quantity, device_identity: str) -> Value | None:
        """Returns the mean over repeats of a measured quantity; None where it was not measured."""
        return mean_of_repeats(self.measured.get((candidate.key, device_identity), []), quantity.value)

    def repeats(self, candidate: Candidate, quantity: Quantity, device_identity: str) -> tuple[int, float]:
        """Returns how many measurements the mean of `value` is of, and the relative error that all of them share.

        The shared one is that of the reference's own latency: no repeat makes it smaller.
        """
        measured = self.measured.get((candidate.key, device_identity), [])
        holders = [m for m in measured if quantity.value in m.values and m.values[quantity.value].value is not None]
        shared = [m.details.get("reference_ratio_stderr", 0.0) for m in holders] if quantity.value in SECONDS else []
        return len(holders), max(shared, default=0.0)

    def error(self, candidate: Candidate, fidelity: Fidelity, seeds: Container[int] | None = None) -> Value | None:
        """Returns 1 - validation accuracy at a fidelity, the mean over (these) seeds; None if not scored."""
        return self._score(candidate, "validation_accuracy", fidelity, seeds)

    def test_error(self, candidate: Candidate, fidelity: Fidelity) -> Value | None:
        """Returns 1 - test accuracy at a fidelity, the mean over seeds: reported, never chosen by."""
        return self._score(candidate, "test_accuracy", fidelity, None)

    def _score(
        self, candidate: Candidate, metric: str, fidelity: Fidelity, seeds: Container[int] | None
    ) -> Value | None:
        known = self._evaluations(candidate, fidelity, seeds)
        evaluations = [evaluation for evaluation in known if metric in evaluation.metrics]
        if not evaluations:
            return None
        errors = [1.0 - e.metrics[metric] for e in evaluations]
        # All seeds are scored on the same windows: sampling error does not shrink with their number, seed noise does.
        sampling = float(np.mean([e.stderr.get(metric, 0.0) ** 2 for e in evaluations]))
        between = float(np.var(errors, ddof=1)) / len(errors) if len(errors) > 1 else 0.0
        return Value(float(np.mean(errors)), math.sqrt(sampling + between), Provenance.SCORED)

    def errors_by_seed(
        self, candidate: Candidate, fidelity: Fidelity, seeds: Container[int] | None = None
    ) -> list[float]:
        """Returns 1 - validation accuracy of each good training at a fidelity, with any or with these seeds."""
        evaluations = self._evaluations(candidate, fidelity, seeds)
        return [1.0 - evaluation.metrics["validation_accuracy"] for evaluation in evaluations]

    def _evaluations(self, candidate: Candidate, fidelity: Fidelity, seeds: Container[int] | None) -> list[Evaluation]:
        known = self.scored.get((scored_candidate(candidate).key, fidelity), [])
        return [evaluation for evaluation in known if seeds is None or evaluation.seed in seeds]


def findings_of(rows: Iterable[CampaignRow]) -> Findings:
    """Returns what the rows say.

    The order of the rows does not matter, but for the order of `candidates`, and among the measurements of a candidate
    on one device: attempts at a profile follow each other, and a good one ends them.
    """
    findings = Findings()
    rejections: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.measurement is not None:
            findings.candidates.setdefault(row.candidate.key, row.candidate)
            _add_measurement(findings, row.candidate.key, row.measurement, rejections)
        if row.evaluation is not None:
            _add_evaluation(findings, row.evaluation)
    return findings


def _add_measurement(
    findings: Findings, key: str, measurement: Measurement, rejections: Counter[tuple[str, str]]
) -> None:
    """Adds a measurement; `rejections` counts those in a row, by candidate and device."""
    place = (key, measurement.device_identity)
    if measurement.status is MeasurementStatus.OK:
        findings.measured[place].append(measurement)
        del rejections[place]
        return
    if measurement.status is MeasurementStatus.REJECTED:
        rejections[place] += 1
        if rejections[place] < MOST_ATTEMPTS:  # it is asked for again
            return
        if key not in findings.unprofiled:
            findings.rejected.add(key)
    findings.unprofiled.setdefault(key, measurement.reason)


def _add_evaluation(findings: Findings, evaluation: Evaluation) -> None:
    if evaluation.status is EvaluationStatus.OK and stop_of(evaluation) is not None:
        findings.stopped[evaluation.candidate.key, evaluation.fidelity].append(evaluation)
    elif evaluation.status is EvaluationStatus.OK:
        findings.scored[evaluation.candidate.key, evaluation.fidelity].append(evaluation)
    else:
        findings.untrained.setdefault(evaluation.candidate.key, evaluation.reason)
