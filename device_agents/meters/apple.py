"""Apple processors through the operating system's energy counters, read by the library `zeus-apple-silicon`.

The counters are Apple's own model of what each part of the chip draws, not a power chip's reading; screen, disk and the
losses of the power supply are in none of them.
Source: https://github.com/ml-energy/zeus-apple-silicon, sections "API Reference" and "Accuracy".
"""

from __future__ import annotations

import importlib
import platform
import sys
from typing import Any

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.counters import Counter, CounterWindow
from device_agents.meters.polled import PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller

RATE_HZ = 10.0
MODULE = "zeus_apple_silicon"
INSTALL = "pip install 'protran[apple]'"
DOMAINS = {
    "cpu_total_mj": "processor",
    "dram_mj": "memory",
    "gpu_mj": "GPU",
    "gpu_sram_mj": "memory of the GPU",
    "ane_mj": "neural engine",
}
"""The domains that are added up, by their names in the library. Those of single cores and clusters are in the first."""
_PROCESSOR = "cpu_total_mj"


def is_apple_silicon() -> bool:
    """Returns whether this is a Mac with an Apple processor."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def load_apple() -> Any:
    """Returns the library `zeus_apple_silicon`.

    Raises:
        DeviceError: this is another machine than it is for, or it is not installed.
    """
    if not is_apple_silicon():
        raise DeviceError(
            f"the meter apple reads Macs with an Apple processor, this is {platform.system()} on {platform.machine()}; "
            "protran doctor says which sensors this machine has"
        )
    try:
        return importlib.import_module(MODULE)
    except ImportError as error:
        raise DeviceError(f"the library zeus-apple-silicon is not installed; run: {INSTALL}") from error


def open_apple(library: Any = None, clock: Clock | None = None, poller: Poller | None = None) -> Meter:
    """Returns a meter that adds up the parts of the chip whose energy it tells; its name says which those are.

    Args:
        library: stands for `zeus_apple_silicon`, which is imported if it is not given.
        clock: what stamps the looks.
        poller: what looks while a window is open; ten times per second, if not given.

    Raises:
        DeviceError: this is no such machine, there is no library, or the chip does not tell the processor's energy.
    """
    library, clock = library or load_apple(), clock or SystemClock()
    try:
        monitor = library.AppleEnergyMonitor()
    except Exception as error:  # the library names no class of its own for what the system refuses
        raise DeviceError(f"Apple silicon: the energy counters cannot be opened ({error})") from error
    known = _millijoules(monitor)
    if _PROCESSOR not in known:
        told = ", ".join(DOMAINS[domain] for domain in known) or "none"
        raise DeviceError(f"Apple silicon: expected the energy of the processor, the chip tells that of {told}")
    name = _name(tuple(known))
    # One counter, not one per domain: a GPU that sleeps counts nothing for minutes, and that is not a stale sensor.
    counter = Counter(name, lambda: _joules(monitor, tuple(known)))
    return PolledMeter(
        name,
        lambda: CounterWindow([counter], clock),
        poller or ThreadPoller(RATE_HZ),
        energy=Provenance.MEASURED_COUNTER,
        power=Provenance.MEASURED_COUNTER,
        bandwidth_hz=RATE_HZ / 2,
    )


def _name(known: tuple[str, ...]) -> str:
    silent = [label for domain, label in DOMAINS.items() if domain not in known]
    without = f"; not told: {', '.join(silent)}" if silent else ""
    return f"Apple silicon ({' + '.join(DOMAINS[domain] for domain in known)}{without})"


def _joules(monitor: Any, domains: tuple[str, ...]) -> float:
    """Returns the count of the domains. A sum without one of them would be short, so that it is none."""
    counts = _millijoules(monitor)
    gone = [DOMAINS[domain] for domain in domains if domain not in counts]
    if gone:
        raise DeviceError(f"Apple silicon: the energy of {', '.join(gone)} is not told any more; measure again")
    return 1e-3 * sum(counts[domain] for domain in domains)


def _millijoules(monitor: Any) -> dict[str, float]:
    """Returns the count of each domain that the chip tells."""
    try:
        metrics = monitor.get_cumulative_energy()
    except Exception as error:  # see above
        raise DeviceError(f"Apple silicon: the energy counters do not answer ({error})") from error
    counts = {domain: getattr(metrics, domain, None) for domain in DOMAINS}
    return {domain: float(count) for domain, count in counts.items() if count is not None}
