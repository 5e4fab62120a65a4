"""Every meter, and how to open it."""

from __future__ import annotations

from collections.abc import Callable

from device_agents.clock import Clock
from device_agents.meters.apple import open_apple
from device_agents.meters.base import Meter
from device_agents.meters.battery import open_battery
from device_agents.meters.estimate import open_estimate
from device_agents.meters.hwmon import open_hwmon
from device_agents.meters.none import NoMeter
from device_agents.meters.nvml import open_nvml
from device_agents.meters.rapl import open_rapl
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.rpi_pmic import open_rpi_pmic
from device_agents.meters.spec import MeterKind, MeterSpec

METERS: dict[MeterKind, Callable[[MeterSpec, Clock], Meter]] = {
    MeterKind.NONE: lambda spec, clock: NoMeter(clock),
    MeterKind.REPLAY: lambda spec, clock: ReplayMeter.from_csv(spec.path, clock),
    MeterKind.RAPL: lambda spec, clock: open_rapl(clock=clock),
    MeterKind.HWMON: lambda spec, clock: open_hwmon(clock=clock, labels=spec.rails),
    MeterKind.RPI_PMIC: lambda spec, clock: open_rpi_pmic(clock=clock),
    MeterKind.BATTERY: lambda spec, clock: open_battery(clock=clock),
    MeterKind.NVML: lambda spec, clock: open_nvml(clock=clock, gpus=spec.gpus),
    MeterKind.APPLE: lambda spec, clock: open_apple(clock=clock),
    MeterKind.ESTIMATE: lambda spec, clock: open_estimate(spec.path, clock),
}


def open_meter(spec: MeterSpec, clock: Clock) -> Meter:
    """Returns the meter that `spec` names, reading `clock`.

    Raises:
        DeviceError: the meter cannot be opened.
    """
    return METERS[spec.kind](spec, clock)
