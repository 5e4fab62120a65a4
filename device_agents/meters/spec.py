"""Which meter to use, as data: readable without the libraries that meters need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.errors import DeviceError


class MeterKind(str, Enum):
    """The meters that there are, and what each covers.

    NONE: nothing. REPLAY: a recording. RAPL: x86 processor packages. HWMON: the board's power chips. RPI_PMIC: the
    Raspberry Pi 5 behind its input. BATTERY: the whole machine while unplugged. NVML: the NVIDIA GPUs alone. APPLE: an
    Apple processor and what is on its chip. ESTIMATE: no sensor; the processor time of a window, times watts per core.
    """

    NONE = "none"
    REPLAY = "replay"
    RAPL = "rapl"
    HWMON = "hwmon"
    RPI_PMIC = "rpi_pmic"
    BATTERY = "battery"
    NVML = "nvml"
    APPLE = "apple"
    ESTIMATE = "estimate"


@dataclass(frozen=True)
class MeterSpec:
    """Which meter to open.

    Attributes:
        kind: the sensor.
        path: the recording, for a replay; the calibration, for an estimate (the one of this machine, if empty).
        rails: labels of the rails to add up, for hwmon; the whole board, if empty.
        gpus: UUIDs of the GPUs to add up, for nvml; all of the machine, if empty.
    """

    kind: MeterKind = MeterKind.NONE
    path: str = ""
    rails: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same spec; `gpus` only where there are any."""
        told: dict[str, Any] = {"kind": self.kind.value, "path": self.path, "rails": list(self.rails)}
        return {**told, "gpus": list(self.gpus)} if self.gpus else told

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> MeterSpec:
        """Returns the spec that `to_json` wrote.

        Raises:
            DeviceError: the kind of meter is unknown.
        """
        try:
            kind = MeterKind(payload.get("kind", MeterKind.NONE.value))
        except ValueError:
            known = ", ".join(member.value for member in MeterKind)
            raise DeviceError(f"meter must be one of {known}; got {payload['kind']!r}") from None
        return cls(kind, str(payload.get("path", "")), tuple(payload.get("rails", ())), tuple(payload.get("gpus", ())))
