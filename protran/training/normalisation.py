"""Normalisation of windows, fitted on training data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.errors import InputError


@dataclass(frozen=True)
class Normalisation:
    """An affine map of each channel: ``(x - centre) / scale``.

    Attributes:
        centre: per channel.
        scale: per channel, above zero.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, signals: npt.NDArray[np.float32], axes: Sequence[tuple[int, int, int]] = ()) -> Normalisation:
        """Returns the normalisation of training windows.

        A channel gets mean 0 and standard deviation 1. The axes of one sensor keep their zero and share one scale
        (their root mean square), so that turning the sensor is still a rotation of what the model sees.

        Args:
            signals: `n x channels x length`.
            axes: channel triples that form the axes of a sensor.
        """
        centre = signals.mean(axis=(0, 2), dtype=np.float64)
        scale = signals.std(axis=(0, 2), dtype=np.float64)
        for triple in axes:
            channels = list(triple)
            centre[channels] = 0.0
            scale[channels] = np.sqrt(np.square(signals[:, channels], dtype=np.float64).mean())
        scale[scale < 1e-12] = 1.0  # a constant channel stays constant
        return cls(tuple(map(float, centre)), tuple(map(float, scale)))

    def apply(self, signals: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Returns normalised windows, `n x channels x length`, float32."""
        centre = np.asarray(self.centre, dtype=np.float32)[None, :, None]
        scale = np.asarray(self.scale, dtype=np.float32)[None, :, None]
        return (signals - centre) / scale

    def to_json(self) -> dict[str, list[float]]:
        """Returns a JSON object ``{"centre": […], "scale": […]}``; whoever deploys the weights needs it."""
        return {"centre": list(self.centre), "scale": list(self.scale)}

    @classmethod
    def from_json(cls, payload: Any) -> Normalisation:
        """Returns the normalisation that `to_json` wrote. Raises `InputError` on anything else."""
        try:
            centre, scale = (tuple(float(value) for value in payload[name]) for name in ("centre", "scale"))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"normalisation: expected {{centre, scale}}, got {payload!r}") from error
        if len(centre) != len(scale) or not all(value > 0 for value in scale):
            raise InputError(f"normalisation: expected as many scales above 0 as centres, got {payload!r}")
        return cls(centre, scale)
