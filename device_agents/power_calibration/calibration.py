"""The record of one calibration: whose it is, what was measured, what was fitted, and whether it may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_agents.errors import DeviceError
from device_agents.power_calibration.plateau import PLATEAU_S, Plateau, PlateauWatts
from device_agents.power_calibration.power_model import Fit, PowerModel

VERSION = 1


@dataclass(frozen=True)
class Calibration:
    """One calibration of one device.

    Attributes:
        identity: of the device.
        processor: its name, for readers.
        date: when it was made, UTC, ISO 8601.
        plug_meter: name of the meter that was read.
        points: the plateaus.
        fit: what was fitted to them.
        faults: what speaks against it, though its user wanted it; empty for a good one.
    """

    identity: str
    processor: str
    date: str
    plug_meter: str
    points: tuple[PlateauWatts, ...]
    fit: Fit
    faults: tuple[str, ...] = ()

    @property
    def short(self) -> bool:
        """Whether a plateau was shorter than a calibration needs: a trial."""
        return any(point.duration_s < PLATEAU_S for point in self.points)

    @property
    def unusable(self) -> str:
        """Why estimates are not made with it, a clause; empty where they are.

        A large held-out error alone is no reason: who forced it gets a range that is as wide as the error.
        """
        if self.short:
            shortest_s = min(point.duration_s for point in self.points)
            return f"its plateaus last {shortest_s:.4g} s, at least {PLATEAU_S:g} s are needed"
        if self.fit.model.core_w <= 0:
            return f"a busy core adds {self.fit.model.core_w:.3g} W in it"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same calibration."""
        model, fit = self.fit.model, self.fit
        return {
            "version": VERSION,
            "identity": self.identity,
            "processor": self.processor,
            "date": self.date,
            "plug_meter": self.plug_meter,
            "plateaus": [point.to_json() for point in self.points],
            "model": {
                "idle_w": model.idle_w,
                "core_w": model.core_w,
                "memory_w": model.memory_w,
                "spread_w": model.spread_w,
            },
            "residuals_w": {plateau.value: residual for plateau, residual in fit.residuals_w.items()},
            "held_out": fit.held_out.value,
            "held_out_error": fit.held_out_error,
            "short": self.short,
            "faults": list(self.faults),
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Calibration:
        """Returns the calibration that `to_json` wrote.

        Raises:
            DeviceError: it is of another version, or not a calibration.
        """
        try:
            if payload["version"] != VERSION:
                raise DeviceError(f"expected a power calibration of version {VERSION}, got {payload['version']!r}")
            return cls(
                identity=str(payload["identity"]),
                processor=str(payload["processor"]),
                date=str(payload["date"]),
                plug_meter=str(payload["plug_meter"]),
                points=tuple(PlateauWatts.from_json(point) for point in payload["plateaus"]),
                fit=_fit(payload),
                faults=tuple(str(fault) for fault in payload["faults"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DeviceError(f"expected a power calibration, got {type(error).__name__} {error} in it") from error


def _fit(payload: Mapping[str, Any]) -> Fit:
    model = payload["model"]
    memory_w = model["memory_w"]
    return Fit(
        PowerModel(
            float(model["idle_w"]),
            float(model["core_w"]),
            None if memory_w is None else float(memory_w),
            float(model["spread_w"]),
        ),
        {Plateau(name): float(residual) for name, residual in payload["residuals_w"].items()},
        Plateau(payload["held_out"]),
        float(payload["held_out_error"]),
    )
