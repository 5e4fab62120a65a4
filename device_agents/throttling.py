"""Whether the device is throttled: slowed down by heat, by its power supply, or by a cap on its clock.

NVIDIA GPUs are looked at in `nvml_throttling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_agents.raspberry_flags import firmware_flags
from device_agents.thermal_files import (
    active_cooling,
    clock_caps_hz,
    lowered_clocks,
    temperature_celsius,
    throttle_counts,
)

ROOT = Path("/")


@dataclass(frozen=True)
class Throttling:
    """One look at the device.

    Attributes:
        throttled: whether it is throttled at this moment; None where it does not say.
        reasons: what says that it is.
        temperature_celsius: temperature of the processor; None where it does not say.
        counts: how often each kind of throttling happened since the start of the machine.
        caps_hz: the highest clock that each group of cores may have now.
    """

    throttled: bool | None
    reasons: tuple[str, ...] = ()
    temperature_celsius: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    caps_hz: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"throttled", "reasons", "temperature_celsius"}``, for the facts of a device."""
        return {
            "throttled": self.throttled,
            "reasons": list(self.reasons),
            "temperature_celsius": self.temperature_celsius,
        }


UNKNOWN_THROTTLING = Throttling(None)


def read_throttling(root: Path = ROOT, vcgencmd: Callable[[], str] | None = None) -> Throttling:
    """Returns whether the machine whose file system starts at `root` is throttled now. Takes milliseconds.

    Args:
        root: where the machine's file system starts.
        vcgencmd: returns what the Raspberry Pi's firmware says of its flags; the real command, if not given.
    """
    firmware = firmware_flags(root, vcgencmd)
    told = [active_cooling(root), lowered_clocks(root)]
    counts = throttle_counts(root)
    if firmware is not None:
        told.append(tuple(f"firmware says {flag}" for flag in firmware[0]))
        counts.update(firmware[1])
    reasons = tuple(reason for reasons in told for reason in reasons or ())
    says = any(reasons is not None for reasons in told)
    return Throttling(bool(reasons) if says else None, reasons, temperature_celsius(root), counts, clock_caps_hz(root))


def throttled_between(earlier: Throttling, later: Throttling) -> Throttling:
    """Returns whether the device was throttled at one of two looks or between them, with the later temperature.

    Between them it was where a count rose or a cap on the clock fell. A flag that has held since the start of the
    machine was up before, so it says nothing.
    """
    both = [name for name in earlier.counts if name in later.counts]
    rose = [f"{name} rose" for name in both if later.counts[name] > earlier.counts[name]]
    fell = [f"the cap on the clock of {name} fell" for name, cap in earlier.caps_hz.items() if _cap(later, name) < cap]
    reasons = dict.fromkeys([*earlier.reasons, *later.reasons, *rose, *fell])
    says = both or earlier.throttled is not None or later.throttled is not None
    throttled = True if reasons else False if says else None
    return Throttling(throttled, tuple(reasons), later.temperature_celsius, later.counts, later.caps_hz)


def _cap(at: Throttling, name: str) -> float:
    return at.caps_hz.get(name, math.inf)


class ThrottleWatch:
    """Looks at the device at chosen moments and tells whether it was throttled at any of them, or between two.

    Args:
        read: returns whether the device is throttled now.
    """

    def __init__(self, read: Callable[[], Throttling]) -> None:
        self._read = read
        self._first: Throttling | None = None
        self._last = UNKNOWN_THROTTLING
        self._reasons: dict[str, None] = {}
        self._says = False

    def look(self) -> None:
        """Looks once."""
        now = self._read()
        since = throttled_between(self._last, now) if self._first is not None else now
        self._reasons.update(dict.fromkeys(since.reasons))
        self._says = self._says or since.throttled is not None
        self._first = self._first or now
        self._last = now

    @property
    def throttled(self) -> bool | None:
        """Whether the device was throttled since the first look; None where it does not say."""
        return bool(self._reasons) if self._says else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """What said that it was."""
        return tuple(self._reasons)

    @property
    def temperatures_celsius(self) -> tuple[float | None, float | None]:
        """Temperature of the processor at the first and at the last look."""
        return (None if self._first is None else self._first.temperature_celsius), self._last.temperature_celsius
