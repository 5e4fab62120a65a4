"""Claims as they are handed on: in words, and with the figures behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.measurement import Value
from protran.campaign.claims.companion import Known
from protran.campaign.claims.comparison import Comparison
from protran.campaign.claims.measures import MEASURES
from protran.campaign.claims.reference import Reference
from protran.campaign.claims.wording import provenance_text
from protran.report.architecture_line import candidate_line
from protran.units import Unit


class ClaimKind(str, Enum):
    """What a claim is about."""

    EQUAL_SCORE = "equal-score"
    """The cheapest member that is not worse than the reference."""
    BEST_SCORE = "best-score"
    """The member with the least error."""
    SAME_COST = "same-cost"
    """The member that costs no more than the reference and scores better; of several, the best."""


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        kind: what it is about.
        sentence: the claim in words.
        comparison: the member that it is about; None where there is none.
    """

    kind: ClaimKind
    sentence: str
    comparison: Comparison | None


@dataclass(frozen=True)
class Claims:
    """The claims of one campaign against one reference on one device.

    Attributes:
        campaign: its name.
        device: the device of latency, energy and power.
        confidence: probability of intervals, and of one-sided limits of differences.
        reference: the model that members are compared with.
        known: what is known of it, and which campaign found out.
        values: of the reference, by measure, and `error` and `test_error`.
        backwards: how many of the reference's trainings went backwards, of how many (see `trouble`).
        claims: one of each kind, apart from `same-cost` where there is none.
        rule: what the words of the claims mean, in sentences.
        notes: what else a reader must know.
    """

    campaign: str
    device: str
    confidence: float
    reference: Reference
    known: Known
    values: Mapping[str, Value]
    backwards: tuple[int, int]
    claims: tuple[Claim, ...]
    rule: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object, values in SI units."""
        candidate = self.reference.candidate
        return {
            "campaign": self.campaign,
            "device": self.device,
            "confidence": self.confidence,
            "reference": {
                "name": self.reference.name,
                "key": candidate.key,
                "summary": candidate_line(candidate),
                **candidate.to_json(),
                "measured_by": self.known.campaign,
                "trainings": self.backwards[1],
                "trainings_backwards": self.backwards[0],
                "values": _values_json(self.values),
            },
            "claims": [self._claim_json(claim) for claim in self.claims],
            "rule": list(self.rule),
            "notes": list(self.notes),
        }

    def _claim_json(self, claim: Claim) -> dict[str, Any]:
        comparison = claim.comparison
        shown = {"claim": claim.kind.value, "sentence": claim.sentence, "member": None}
        return shown if comparison is None else {**shown, **self._comparison_json(comparison)}

    def _comparison_json(self, comparison: Comparison) -> dict[str, Any]:
        candidate, tested = comparison.member.candidate, comparison.test_difference
        ratios = {
            measure.name: {
                **ratio.to_json(),
                "provenance": provenance_text(comparison.values[measure.name], self.values[measure.name]),
            }
            for measure in MEASURES
            if (ratio := comparison.ratios.get(measure.name)) is not None
        }
        return {
            "member": {
                "key": candidate.key,
                "summary": candidate_line(candidate),
                **candidate.to_json(),
                "values": _values_json(comparison.values),
            },
            "difference": comparison.difference.to_json(),
            "test_difference": None if tested is None else tested.to_json(),
            "ratios": ratios,
        }


def _values_json(values: Mapping[str, Value]) -> dict[str, Any]:
    units = {measure.name: measure.unit.value for measure in MEASURES}
    return {name: {**value.to_json(), "unit": units.get(name, Unit.FRACTION.value)} for name, value in values.items()}
