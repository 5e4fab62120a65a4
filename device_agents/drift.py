"""Whether the device changed between the first and the last window of the energy pass.

A measurement whose device drifted by more than 2 % was made in no one state, and is rejected. What counts as drift has
to be the device's own, and no scatter:

- Beyond scatter. A window is seen in blocks, and windows differ only as far as the tenth-best block of the worse one is
  worse than the median block of the better one. On a quiet machine that is the plain difference; where blocks scatter,
  the difference has to be larger than the scatter, so that noise alone rejects nothing. A window with fewer than three
  blocks (a call of several seconds) says nothing.
- Of the device. While others use the machine, wall time per call and the sensor's power hold their work too; then both
  are left out, and one-threaded candidates are judged by their CPU time per call, in which the tenth-best blocks, those
  that others left alone, decide. For several threads nothing is left to judge by, and the flag `contended` must do.
- Both ways. Calls that become faster, and power that falls, are drift as much as their opposites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device_agents.contention import clean_share, is_contended
from device_agents.energy_windows import PowerWindow
from device_agents.meters.base import PowerTrace
from device_agents.statistics import low_decile

LEAST_BLOCKS = 3


@dataclass(frozen=True)
class Drift:
    """Changes from the first to the last window beyond scatter, as shares of the smaller value; None where unknown.

    Attributes:
        call_time: of the time of a call.
        power: of the power.
        clean_share: share of blocks of calls during which nobody else had the processor; None for several threads.
    """

    call_time: float | None
    power: float | None
    clean_share: float | None

    @property
    def contended(self) -> bool:
        """Whether others used the machine during the windows, as far as their blocks tell."""
        return self.clean_share is not None and is_contended(self.clean_share)

    def exceeds(self, tolerance: float) -> bool:
        """Returns whether any known change is larger than `tolerance`."""
        return any(abs(change) > tolerance for change in (self.call_time, self.power) if change is not None)


def drift_of(windows: Sequence[PowerWindow], *, parallel: bool, contended: bool, block_s: float) -> Drift:
    """Returns what changed from the first to the last of the busy `windows`.

    Args:
        windows: in the order of time, one at least.
        parallel: the candidate uses several threads, so that its CPU time says nothing about its speed.
        contended: others used the machine shortly before; for several threads, whose blocks cannot tell.
        block_s: length of a block of power.
    """
    blocks = [block for window in windows for block in window.blocks]
    share = None if parallel else clean_share(blocks)
    if contended if share is None else is_contended(share):
        return Drift(None if parallel else change(*_call_times(windows, cpu=True)), None, share)
    first, last = windows[0].reading.trace, windows[-1].reading.trace
    power = None if first is None or last is None else change(_powers_w(first, block_s), _powers_w(last, block_s))
    return Drift(change(*_call_times(windows, cpu=False)), power, share)


def change(first: Sequence[float], last: Sequence[float]) -> float | None:
    """Returns how far block values rose (above 0) or fell (below 0) beyond their scatter; None where unknown.

    It is unknown for too few blocks, and for values of 0, which a clock or sensor was too coarse to see.
    """
    if min(len(first), len(last)) < LEAST_BLOCKS or min(*first, *last) <= 0:
        return None
    if np.median(last) >= np.median(first):
        return max(0.0, low_decile(last) / float(np.median(first)) - 1)
    return -max(0.0, low_decile(first) / float(np.median(last)) - 1)


def _call_times(windows: Sequence[PowerWindow], *, cpu: bool) -> tuple[list[float], list[float]]:
    first, last = ([block.cpu_s if cpu else block.wall_s for block in windows[at].blocks] for at in (0, -1))
    return first, last


def _powers_w(trace: PowerTrace, block_s: float) -> list[float]:
    """Returns the mean of the samples in each block of time that has any."""
    blocks: dict[int, list[float]] = {}
    for time_s, power_w in zip(trace.times_s, trace.power_w, strict=True):
        blocks.setdefault(int(time_s // block_s), []).append(power_w)
    return [float(np.mean(powers)) for powers in blocks.values()]
