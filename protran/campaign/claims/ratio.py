"""The ratio of a member's value to the reference's, with its confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from device_agents.measurement import Value
from protran.campaign.findings import Findings
from search_spaces.candidate import Candidate


@dataclass(frozen=True)
class Ratio:
    """Member over reference: below 1 the member needs less.

    Attributes:
        value: the ratio.
        low: lower end of its confidence interval; None where the error of one side is not known.
        high: upper end.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def below_one(self) -> bool:
        """Whether the whole interval is below 1."""
        return self.high is not None and self.high < 1

    @property
    def above_one(self) -> bool:
        """Whether the whole interval is above 1."""
        return self.low is not None and self.low > 1

    @property
    def exact(self) -> bool:
        """Whether both sides are known without error."""
        return self.low == self.value == self.high

    def inverse(self) -> Ratio:
        """Returns reference over member."""
        ends = (None, None) if self.low is None or self.high is None else (1 / self.high, 1 / self.low)
        return Ratio(1 / self.value, *ends)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"ratio", "low", "high"}``."""
        return {"ratio": self.value, "low": self.low, "high": self.high}


def ratio_of(member: Value | None, reference: Value | None, confidence: float, *, shared: float = 0.0) -> Ratio | None:
    """Returns the ratio of two values; None where one is unavailable or not above 0.

    The variance of the ratio's logarithm is the sum of the squared relative errors, without what both share; the
    interval is symmetric about the logarithm, and so never reaches 0.

    Args:
        member: the numerator.
        reference: the denominator.
        confidence: probability of the interval, for example 0.95.
        shared: relative standard error of a factor that both values have in common; it cancels.

    Source: G. Casella and R. Berger, "Statistical Inference", 2nd edition, section 5.5.4 (the delta method).
    """
    top, bottom = _number(member), _number(reference)
    if member is None or reference is None or top is None or bottom is None:
        return None
    ratio = top / bottom
    if member.stderr is None or reference.stderr is None:
        return Ratio(ratio, None, None)
    sides = ((member.stderr, top), (reference.stderr, bottom))
    variances = [max(0.0, (error / size) ** 2 - shared**2) for error, size in sides]
    if not any(variances):
        return Ratio(ratio, ratio, ratio)
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(sum(variances))
    return Ratio(ratio, ratio * math.exp(-reach), ratio * math.exp(reach))


def shared_scale(sides: tuple[tuple[Findings, Candidate], tuple[Findings, Candidate]], device_identity: str) -> float:
    """Returns the relative error that the latencies of two candidates share; 0 where they may share none.

    Latencies are ratios to the latency of the device's reference model of about the candidate's size. Where all
    measurements of both lean on one such model, the error of its own latency is a factor of both.
    """
    scales = {
        (measurement.details.get("reference_latency_s"), measurement.details.get("reference_ratio_stderr"))
        for findings, candidate in sides
        for measurement in findings.measured.get((candidate.key, device_identity), [])
    }
    if len(scales) != 1:
        return 0.0
    _, shared = scales.pop()
    return shared or 0.0


def _number(value: Value | None) -> float | None:
    return None if value is None or value.value is None or value.value <= 0 else value.value
