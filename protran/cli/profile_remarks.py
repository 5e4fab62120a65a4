"""What a reader should know beside the values: flags, and measurements that do not count, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

OK = "ok"

Answer = Mapping[str, Any]
"""One measurement as JSON."""


def flags_of(measurements: Sequence[Answer]) -> list[str]:
    """Returns the flags of the measurements that count, each once."""
    return sorted({flag for answer in measurements if answer["status"] == OK for flag in answer["flags"]})


def set_aside(measurements: Sequence[Answer]) -> list[str]:
    """Returns a line for each reason for which measurements do not count.

    For example ``rejected: the device throttled``, or ``1 of 3 measurements rejected: the device throttled``.
    """
    reasons = Counter((answer["status"], answer["reason"]) for answer in measurements if answer["status"] != OK)
    total = len(measurements)
    return [
        f"{status}: {reason}" if number == total == 1 else f"{number} of {total} measurements {status}: {reason}"
        for (status, reason), number in reasons.items()
    ]


def why_none_counts(measurements: Sequence[Answer]) -> str:
    """Returns why nothing was measured: the last reason, which says so where the measurement was rejected."""
    last = measurements[-1]
    return f"{last['status']}: {last['reason']}" if last["status"] == "rejected" else str(last["reason"])
