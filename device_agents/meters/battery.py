"""The gauge of a battery through the kernel's power_supply files: it only tells power while it discharges."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.counters import Counter, CounterWindow
from device_agents.meters.polled import PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller
from device_agents.meters.samples import SampleWindow
from device_agents.meters.sysfs import ROOT, read_number, read_text, shown, text_or_empty

RATE_HZ = 2.0
"""Gauges update every second at best, many far less often; how often, they do not say."""
SUPPLIES = "sys/class/power_supply"
_JOULES_PER_MICROWATT_HOUR = 3600e-6


def find_batteries(root: Path = ROOT) -> list[Path]:
    """Returns the folders of the batteries that feed this machine; a mouse's or a keyboard's is none of them.

    Source: https://docs.kernel.org/power/power_supply_class.html
    """
    kinds = sorted((root / SUPPLIES).glob("*/type"))
    batteries = [path.parent for path in kinds if text_or_empty(path) == "Battery"]
    return [battery for battery in batteries if text_or_empty(battery / "scope") != "Device"]


def open_battery(root: Path = ROOT, clock: Clock | None = None, poller: Poller | None = None) -> Meter:
    """Returns a meter of the whole machine on battery: by sampled power, or else by the charge that is left.

    Raises:
        DeviceError: there is no battery, or one that tells neither power nor energy.
    """
    clock = clock or SystemClock()
    poller = poller or ThreadPoller(RATE_HZ)
    batteries = find_batteries(root)
    if not batteries:
        raise DeviceError(f"expected a battery under {shown(root / SUPPLIES, root)}, there is none")
    name = f"battery {' + '.join(battery.name for battery in batteries)}"
    if all(power_files(battery) for battery in batteries):
        return PolledMeter(
            name,
            lambda: SampleWindow(name, functools.partial(discharge_w, batteries), clock),
            poller,
            energy=Provenance.MEASURED_SAMPLED,
            power=Provenance.MEASURED_SAMPLED,
        )
    if len(batteries) > 1 or not (batteries[0] / "energy_now").exists():
        raise DeviceError(
            f"{name}: expected power_now, current_now with voltage_now, or energy_now; it has none of them"
        )
    # Its steps of some ten joules are too coarse to tell power from look to look.
    counter = Counter(name, functools.partial(_used_j, batteries[0]))
    return PolledMeter(
        name,
        lambda: CounterWindow([counter], clock, with_trace=False),
        poller,
        energy=Provenance.MEASURED_COUNTER,
        power=Provenance.UNAVAILABLE,
    )


def power_files(battery: Path) -> tuple[Path, ...]:
    """Returns the files whose product is the power: microwatts, or microamperes and microvolts; empty without."""
    choices = ((battery / "power_now",), (battery / "current_now", battery / "voltage_now"))
    return next((paths for paths in choices if all(path.exists() for path in paths)), ())


def check_discharging(batteries: Sequence[Path]) -> list[Path]:
    """Returns the batteries that discharge, at least one.

    Raises:
        DeviceError: none does, or one is being charged, so that the machine takes power from elsewhere too.
    """
    states = {battery: read_text(battery / "status") for battery in batteries}
    giving = [battery for battery, state in states.items() if state == "Discharging"]
    if not giving or "Charging" in states.values():
        told = ", ".join(f"{battery.name} is {state.lower() or 'silent'}" for battery, state in states.items())
        raise DeviceError(
            f"a battery tells the machine's power only while it discharges, but {told}; unplug the charger"
        )
    return giving


def discharge_w(batteries: Sequence[Path]) -> float:
    """Returns the power that the discharging batteries give, in watts. Raises `DeviceError` where none does."""
    return sum(_power_w(battery) for battery in check_discharging(batteries))


def _power_w(battery: Path) -> float:
    value = 1.0
    for path in power_files(battery):
        value *= read_number(path) * 1e-6
    return abs(value)  # some drivers count a current out of the battery as negative


def _used_j(battery: Path) -> float:
    check_discharging([battery])
    return -read_number(battery / "energy_now") * _JOULES_PER_MICROWATT_HOUR
