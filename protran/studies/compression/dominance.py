"""Whether the search's front dominates or equals each compressed model: in error, latency and size, with error bars.

The member that stands against a rival is chosen by the validation error; its test error is then compared, and nothing
is chosen by that.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from protran.studies.compression.figures import Entry, Series
from protran.studies.intervals import Interval, mean_interval


class Verdict(str, Enum):
    """What the front has against a rival."""

    DOMINATES = "dominates"
    """A member is not worse in anything: in test error by the mean, in latency, in size; and better in something."""
    EQUALS = "equals within the error bars"
    """A member is as fast and as small; its test error is larger, though by less than the error bars."""
    LESS_ACCURATE = "less accurate"
    """Members are as fast and as small, and the most accurate of them makes more errors, beyond the error bars."""
    NONE_AS_SMALL = "no member as fast and as small"
    UNKNOWN = "not known"
    """The rival, or every member, lacks a figure."""


@dataclass(frozen=True)
class Comparison:
    """A rival and the member that stands against it.

    Attributes:
        rival: the row of the table.
        verdict: see there.
        member: the member; None where there is none as fast and as small.
        error_difference: test error of the member less that of the rival, over repeats; negative is better.
        latency_ratio: member over rival; below 1 is better.
        size_ratio: the same of the size on disk.
    """

    rival: Entry
    verdict: Verdict
    member: Entry | None = None
    error_difference: Interval | None = None
    latency_ratio: Interval | None = None
    size_ratio: Interval | None = None

    @property
    def beyond_error_bars(self) -> bool:
        """Whether the member's test error is smaller by more than the error bars."""
        found = self.error_difference
        return found is not None and found.half_width is not None and found.high < 0

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        figures = {
            name: None if (found := getattr(self, name)) is None else found.to_json()
            for name in ("error_difference", "latency_ratio", "size_ratio")
        }
        return {
            "model": self.rival.model.key,
            "variant": self.rival.variant.value,
            "verdict": self.verdict.value,
            "beyond_error_bars": self.beyond_error_bars,
            "member": None if self.member is None else self.member.model.key,
            **figures,
        }


def compare(entries: Sequence[Entry]) -> list[Comparison]:
    """Returns the comparison of every row that is not of the front with the front; none where there is no front."""
    members = [entry for entry in entries if entry.model.on_front and _complete(entry)]
    if not any(entry.model.on_front for entry in entries):
        return []
    return [_compared(entry, members) for entry in entries if not entry.model.on_front]


def _compared(rival: Entry, members: Sequence[Entry]) -> Comparison:
    if not _complete(rival) or not members:
        return Comparison(rival, Verdict.UNKNOWN)
    able = [
        member
        for member in members
        if all(_mean(member, name) <= _mean(rival, name) for name in ("latency_s", "file_bytes"))
    ]
    if not able:
        return Comparison(rival, Verdict.NONE_AS_SMALL)
    member = max(able, key=lambda entry: (_mean(entry, "validation_accuracy"), entry.model.key))
    difference = _difference(rival.series["accuracy"], member.series["accuracy"])
    latency = _ratio(member.series["latency_s"], rival.series["latency_s"])
    size = _ratio(member.series["file_bytes"], rival.series["file_bytes"])
    return Comparison(rival, _verdict(difference, latency, size), member, difference, latency, size)


def _verdict(difference: Interval | None, latency: Interval | None, size: Interval | None) -> Verdict:
    if difference is None or latency is None or size is None:
        return Verdict.UNKNOWN
    if difference.mean <= 0:
        better = difference.mean < 0 or latency.mean < 1 or size.mean < 1
        return Verdict.DOMINATES if better else Verdict.EQUALS
    if difference.half_width is not None and difference.low <= 0:
        return Verdict.EQUALS
    return Verdict.LESS_ACCURATE


def _complete(entry: Entry) -> bool:
    return all(entry.series.get(name) for name in ("accuracy", "validation_accuracy", "latency_s", "file_bytes"))


def _mean(entry: Entry, name: str) -> float:
    return statistics.fmean(entry.series[name].values())


def _difference(above: Series, below: Series) -> Interval | None:
    """Returns the mean of `above` less `below` over the repeats that both have."""
    return mean_interval(above[repeat] - below[repeat] for repeat in sorted(above.keys() & below.keys()))


def _ratio(above: Series, below: Series) -> Interval | None:
    """Returns the geometric mean of `above` over `below` over their common repeats; its bar is the longer side."""
    logs = mean_interval(math.log(above[repeat] / below[repeat]) for repeat in sorted(above.keys() & below.keys()))
    if logs is None:
        return None
    mean = math.exp(logs.mean)
    half_width = None if logs.half_width is None else mean * (math.exp(logs.half_width) - 1)
    return Interval(mean, half_width, logs.count)
