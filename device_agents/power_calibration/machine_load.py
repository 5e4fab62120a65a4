"""The processor time that a machine spends: of the loads that we started, and of everything together."""

from __future__ import annotations

import os
import resource
from pathlib import Path

ROOT = Path("/")
_BUSY = (0, 1, 2, 5, 6)
"""Columns user, nice, system, irq and softirq of /proc/stat; idle, waiting and stolen time is not spent here.

Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html (guest time is in user time already).
"""


def children_cpu_s() -> float:
    """Returns the processor time of all ended processes that this one started and waited for, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def machine_busy_s(root: Path = ROOT) -> float | None:
    """Returns the processor time that the machine spent on anything since it started; None where it does not say."""
    try:
        words = (root / "proc/stat").read_text(encoding="utf-8").partition("\n")[0].split()
        ticks = [int(word) for word in words[1:]]
        return sum(ticks[column] for column in _BUSY) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def usable_cores() -> tuple[int, ...]:
    """Returns the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))
