"""Power chips of the board (INA219, INA226, INA3221, Jetson rails, ACPI power meters) through the kernel's hwmon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.counters import Counter, CounterWindow
from device_agents.meters.polled import PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller
from device_agents.meters.rails import Rail, choose_rails, find_rails, place_of
from device_agents.meters.samples import SampleWindow
from device_agents.meters.sysfs import ROOT, text_or_empty

RATE_HZ = 10.0


def open_hwmon(
    root: Path = ROOT,
    clock: Clock | None = None,
    poller: Poller | None = None,
    labels: Sequence[str] = (),
) -> Meter:
    """Returns a meter that adds up rails: by their energy counters where all have one, or else by sampling power.

    Args:
        root: where the machine's file system starts.
        clock: what stamps the samples.
        poller: what looks while a window is open; ten times per second, if not given.
        labels: which rails; the whole board, if not given.

    Raises:
        DeviceError: there is no such rail.
    """
    clock = clock or SystemClock()
    poller = poller or ThreadPoller(RATE_HZ)
    rails = choose_rails(find_rails(root), labels)
    if not rails:
        raise DeviceError(f"expected a chip under {place_of(root)} that measures the board's power, there is none")
    chips = ", ".join(dict.fromkeys(rail.chip_name for rail in rails))
    name = f"hwmon rails {' + '.join(rail.label for rail in rails)} ({chips})"
    if all(rail.energy is not None for rail in rails):
        counters = [Counter(rail.label, rail.read_j) for rail in rails]
        source = Provenance.MEASURED_COUNTER
        return PolledMeter(
            name,
            lambda: CounterWindow(counters, clock),
            poller,
            energy=source,
            power=source,
            bandwidth_hz=bandwidth_hz(rails),
        )
    without = [rail.label for rail in rails if not rail.power]
    if without:
        raise DeviceError(
            f"rail {without[0]} counts energy and the others only know power; ask for the one or the others"
        )
    source = Provenance.MEASURED_SAMPLED
    return PolledMeter(
        name,
        lambda: SampleWindow(name, lambda: sum(rail.read_w() for rail in rails), clock),
        poller,
        energy=source,
        power=source,
        bandwidth_hz=bandwidth_hz(rails),
    )


def bandwidth_hz(rails: Sequence[Rail]) -> float:
    """Returns half the rate of the slower of sampling and of the chips' own updates."""
    intervals_s = [1 / RATE_HZ, *(_update_interval_s(rail) for rail in rails)]
    return 1 / max(intervals_s) / 2


def _update_interval_s(rail: Rail) -> float:
    """Returns the chip's time from one update to the next, in seconds; 0 where it does not say."""
    text = text_or_empty(rail.chip / "update_interval")
    return int(text) / 1000 if text.isdecimal() else 0.0
