"""The power chip of the Raspberry Pi 5, which the firmware's `vcgencmd pmic_read_adc` reads."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.polled import PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller
from device_agents.meters.samples import SampleWindow
from device_agents.meters.sysfs import ROOT, text_or_empty

RATE_HZ = 5.0
"""A look starts a process, so that there are fewer than of a file."""
COMMAND = ("vcgencmd", "pmic_read_adc")
_TIME_LIMIT_S = 5.0
_LINE = re.compile(r"^\s*(\S+)_([AV])\s+(?:current|volt)\(\d+\)=(-?[\d.]+)([AV])\s*$", re.MULTILINE)
_MODELS = ("Pi 5", "Pi 500", "Compute Module 5")
_ONLY_VOLTAGE = frozenset({"EXT5V", "BATT"})


def open_rpi_pmic(
    clock: Clock | None = None, poller: Poller | None = None, ask: Callable[[], str] | None = None
) -> Meter:
    """Returns a meter that adds up the rails behind the power chip.

    It does not see what hangs on the 5 V input directly (USB devices, HATs, fan) nor the chip's own losses.

    Args:
        clock: what stamps the samples.
        poller: what looks while a window is open; five times per second, if not given.
        ask: returns what `vcgencmd pmic_read_adc` prints.
    """
    clock, ask = clock or SystemClock(), ask or ask_firmware
    name = "Raspberry Pi power chip (rails behind the 5 V input)"
    return PolledMeter(
        name,
        lambda: SampleWindow(name, lambda: sum(rail_powers_w(ask()).values()), clock),
        poller or ThreadPoller(RATE_HZ),
        energy=Provenance.MEASURED_SAMPLED,
        power=Provenance.MEASURED_SAMPLED,
        bandwidth_hz=RATE_HZ / 2,
    )


def has_power_chip(root: Path = ROOT) -> bool:
    """Returns whether this is a Raspberry Pi 5 or one of its kin; earlier ones have no such chip."""
    model = text_or_empty(root / "proc/device-tree/model")
    return model.startswith("Raspberry Pi") and any(word in model for word in _MODELS)


def rail_powers_w(text: str) -> dict[str, float]:
    """Returns the power of each rail that has a current, in watts.

    Raises:
        DeviceError: `text` is no such table, or a rail lacks its current or its voltage, so that a sum would be short.
    """
    amperes: dict[str, float] = {}
    volts: dict[str, float] = {}
    for rail, quantity, value, unit in _LINE.findall(text):
        if quantity == unit:
            (amperes if unit == "A" else volts)[rail] = float(value)
    halves = (amperes.keys() ^ volts.keys()) - _ONLY_VOLTAGE
    if not amperes or halves:
        which = f"rail {min(halves)} with only one of them" if halves else repr(text[:60])
        raise DeviceError(f"{' '.join(COMMAND)}: expected a current and a voltage for each rail, got {which}")
    return {rail: current * volts[rail] for rail, current in amperes.items()}


def ask_firmware() -> str:
    """Returns what `vcgencmd pmic_read_adc` prints.

    Raises:
        DeviceError: there is no such program, or the firmware refuses (the Raspberry Pi 4 has no such chip).
    """
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=_TIME_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeviceError(f"{' '.join(COMMAND)}: cannot be run ({error}); install raspi-utils") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().partition("\n")[0]
        raise DeviceError(f"{' '.join(COMMAND)}: expected a table of rails, got {said!r} (exit {done.returncode})")
    return done.stdout
