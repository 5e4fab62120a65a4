"""Every meter, and how to open it."""

from __future__ import annotations

from device_agents.clock import Clock
from device_agents.meters.base import Meter
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.spec import MeterKind, MeterSpec


def open_meter(spec: MeterSpec, clock: Clock) -> Meter:
    """Returns the meter that `spec` names, reading `clock`.

    Raises:
        DeviceError: the meter cannot be opened.
    """
    if spec.kind is MeterKind.REPLAY:
        return ReplayMeter.from_csv(spec.path, clock)
    return NoMeter(clock)
