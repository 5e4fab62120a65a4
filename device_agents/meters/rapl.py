"""RAPL: the energy counters of x86 processors, one per package, through the kernel's powercap files."""

from __future__ import annotations

import functools
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.counters import Counter, CounterWindow
from device_agents.meters.polled import PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller
from device_agents.meters.sysfs import ROOT, read_number, shown, text_or_empty

RATE_HZ = 10.0
"""Far more often than a counter wraps: the smallest hold 65 kJ, five minutes at 200 W."""
POWERCAP = "sys/class/powercap"


def rapl_counters(root: Path = ROOT) -> list[Path]:
    """Returns the energy files of the processor packages.

    Zones inside a package (`core`, `uncore`, `dram`) and around it (`psys`) are left out: they would count twice.

    Source: https://docs.kernel.org/power/powercap/powercap.html
    """
    zones = [path for path in (root / POWERCAP).glob("*-rapl:*") if path.name.count(":") == 1]
    packages = [zone for zone in zones if text_or_empty(zone / "name").startswith("package")]
    return sorted(zone / "energy_uj" for zone in packages if (zone / "energy_uj").exists())


def open_rapl(root: Path = ROOT, clock: Clock | None = None, poller: Poller | None = None) -> Meter:
    """Returns a meter that adds up the packages. It sees neither the board nor, on most servers, the memory.

    Raises:
        DeviceError: there is no such counter, or its range cannot be read.
    """
    clock = clock or SystemClock()
    paths = rapl_counters(root)
    if not paths:
        raise DeviceError(f"expected processor energy counters under {shown(root / POWERCAP, root)}, there are none")
    counters = [_counter(path) for path in paths]
    return PolledMeter(
        f"RAPL of the processor ({', '.join(counter.name for counter in counters)})",
        lambda: CounterWindow(counters, clock),
        poller or ThreadPoller(RATE_HZ),
        energy=Provenance.MEASURED_COUNTER,
        power=Provenance.MEASURED_COUNTER,
        bandwidth_hz=RATE_HZ / 2,
    )


def _counter(path: Path) -> Counter:
    range_j = read_number(path.parent / "max_energy_range_uj") * 1e-6
    return Counter(text_or_empty(path.parent / "name"), functools.partial(_joules, path), range_j)


def _joules(path: Path) -> float:
    return read_number(path) * 1e-6
