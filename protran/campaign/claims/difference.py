"""The difference of two errors of the task, paired by seed.

All candidates of a campaign are scored on the same recordings and trained with the same seeds. The error of a
difference is that of the seeds: it holds for these recordings, and the narrower bar makes fewer members count as equal.
Two or three seeds tell their spread badly, so it is pooled over all verified candidates. Where right answers are kept
by recording, what the recordings add is told beside it, paired, for those who ask about other recordings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from protran.training.recordings import RecordingCounts, paired_difference

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Difference:
    """The member's error less the reference's, as a part of one.

    Attributes:
        value: below 0 the member is better.
        stderr: its standard error by the seeds; None where each candidate was trained with one.
        reach: how far above `value` the true difference may be, one-sided, at the confidence asked for; None likewise.
        freedom: degrees of freedom of the pooled spread.
        unshared_stderr: the standard error if nothing of the recordings were common: the largest that it can be
            reckoned to be.
        recordings_stderr: its standard error over recordings, paired; None where right answers are not kept by
            recording.
        elsewhere: as `reach`, on other recordings of the same kind: both errors together; None where one is not known.
    """

    value: float
    stderr: float | None
    reach: float | None
    freedom: int
    unshared_stderr: float
    recordings_stderr: float | None = None
    elsewhere: float | None = None

    @property
    def not_worse(self) -> bool:
        """Whether the member is not worse beyond the error of the difference."""
        return self.value <= (self.reach or 0.0) + _ROUNDING

    @property
    def better(self) -> bool:
        """Whether the member is better beyond the error of the difference."""
        return self.reach is not None and self.value + self.reach < -_ROUNDING

    @property
    def worse(self) -> bool:
        """Whether the member is worse beyond the error of the difference."""
        return self.reach is not None and not self.not_worse

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; `at_most` is the upper limit of the difference, on these or on other recordings."""
        return {
            "value": self.value,
            "stderr": self.stderr,
            "at_most": None if self.reach is None else self.value + self.reach,
            "at_most_on_other_recordings": None if self.elsewhere is None else self.value + self.elsewhere,
            "stderr_of_recordings": self.recordings_stderr,
            "degrees_of_freedom": self.freedom,
            "stderr_if_nothing_shared": self.unshared_stderr,
        }


class PairedErrors:
    """Errors of several candidates by seed, and the spread that they show together.

    Args:
        errors: by candidate, its error with each seed; all have the same seeds, in the same order.
        confidence: probability of one-sided limits.
        recordings: by candidate, the right answers of all its seeds together, where they are kept.
    """

    def __init__(
        self,
        errors: Mapping[str, Sequence[float]],
        confidence: float,
        recordings: Mapping[str, RecordingCounts] | None = None,
    ) -> None:
        self._errors, self._recordings = errors, recordings or {}
        self.confidence = confidence
        self.spread, self.freedom = pooled_spread(list(errors.values()))

    def __len__(self) -> int:
        return len(self._errors)

    def difference(self, member: str, reference: str, sampling: tuple[float, float] = (0.0, 0.0)) -> Difference:
        """Returns the difference of two candidates.

        Args:
            member: key of the one.
            reference: key of the other.
            sampling: the standard errors of their mean errors, recordings included.
        """
        unshared = math.hypot(*sampling)
        if member == reference:
            return Difference(0.0, 0.0, 0.0, self.freedom, 0.0)
        ours, theirs = self._errors[member], self._errors[reference]
        value = float(np.mean(np.subtract(ours, theirs)))
        if self.spread is None:
            return Difference(value, None, None, 0, unshared)
        stderr = self.spread * math.sqrt(2 / len(ours))
        reach = stderr * float(stdtrit(self.freedom, self.confidence))
        of_recordings, elsewhere = self._over_recordings(member, reference, reach)
        return Difference(value, stderr, reach, self.freedom, unshared, of_recordings, elsewhere)

    def _over_recordings(self, member: str, reference: str, reach: float) -> tuple[float | None, float | None]:
        """Returns the standard error over recordings, and the reach with it; None and None where nobody knows."""
        ours, theirs = self._recordings.get(member), self._recordings.get(reference)
        if ours is None or theirs is None or ours.total != theirs.total or len(ours.total) < 2:
            return None, None
        stderr = paired_difference(ours, theirs).stderr
        return stderr, math.hypot(reach, stderr * float(stdtrit(len(ours.total) - 1, self.confidence)))


def pooled_spread(errors: Sequence[Sequence[float]]) -> tuple[float | None, int]:
    """Returns the standard deviation of one training about its candidate's and its seed's mean, and its freedom.

    The design is one of randomised complete blocks: candidates are treatments, seeds are blocks. None and 0 where there
    are fewer than two of either.

    Args:
        errors: `candidates x seeds`.

    Source: D. Montgomery, "Design and Analysis of Experiments", section 4.1 (the residual mean square).
    """
    table = np.array(errors, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        return None, 0
    residuals = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return math.sqrt(float(np.sum(residuals**2)) / freedom), freedom
