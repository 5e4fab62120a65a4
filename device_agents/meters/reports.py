"""What was found of a machine's sensors, and the meter to use for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.meters.spec import MeterKind, MeterSpec

PREFERENCE = (MeterKind.RAPL, MeterKind.HWMON, MeterKind.RPI_PMIC, MeterKind.APPLE, MeterKind.BATTERY)
"""What sees the work of a processor, the finest first. NVML sees the GPUs alone, and an estimate is no sensor."""
GPU_PREFERENCE = (MeterKind.NVML, MeterKind.HWMON, MeterKind.BATTERY)
"""What sees the work of an NVIDIA GPU: the processor's own counters do not, however busy it is beside them."""


class SensorState(str, Enum):
    """How far a sensor is from giving figures.

    USABLE: its meter read it just now. NOT_NOW: it works but has nothing to say at present (a battery that is being
    charged). NOT_SUPPORTED: it is there, but does not answer or is not one that ProTran uses by itself. NO_ACCESS: it
    is there, but this user may not read it. NOT_INSTALLED: its library is missing. ABSENT: there is none.
    """

    USABLE = "usable"
    NOT_NOW = "not-now"
    NOT_SUPPORTED = "not-supported"
    NO_ACCESS = "no-access"
    NOT_INSTALLED = "not-installed"
    ABSENT = "absent"


@dataclass(frozen=True)
class SensorReport:
    """What was found of one kind of sensor.

    Attributes:
        sensor: the kind of sensor, and what it covers.
        state: how far it is from giving figures.
        finding: one sentence for the user.
        command: the exact command that would bring it one step further; None where none would.
        meter: the meter that reads it, where it is usable; None elsewhere.
    """

    sensor: str
    state: SensorState
    finding: str
    command: str | None = None
    meter: MeterKind | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"sensor", "state", "finding", "command"}``."""
        return {"sensor": self.sensor, "state": self.state.value, "finding": self.finding, "command": self.command}


def best_meter(reports: Iterable[SensorReport], *, gpu: bool = False) -> MeterSpec:
    """Returns the meter to use on a machine with these sensors; none where no usable one sees the work.

    Args:
        reports: what `discover` found.
        gpu: whether the work runs on an NVIDIA GPU, so that NVML comes first.
    """
    usable = {report.meter for report in reports if report.state is SensorState.USABLE}
    wanted = GPU_PREFERENCE if gpu else PREFERENCE
    return MeterSpec(next((kind for kind in wanted if kind in usable), MeterKind.NONE))


def energy_is_measurable(reports: Iterable[SensorReport]) -> bool:
    """Returns whether the energy of work on this machine's processor is measured without any option."""
    return best_meter(reports).kind is not MeterKind.NONE
