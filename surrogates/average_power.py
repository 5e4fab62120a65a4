"""Energy as average power times latency: two measures that are modelled together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities, Surrogate
from surrogates.errors import SurrogateError
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.prediction import Prediction
from surrogates.training_data import checked, fitted
from surrogates.transfer_belief import TRANSFORM
from surrogates.transfer_source import log_belief

KIND = "average-power"


class AveragePower(Surrogate):
    """A process for latency and one for average power, energy over latency; energy is their product.

    Power depends on an architecture far less than energy does, so it is learned from fewer rows, and latencies of rows
    without energy count for energy too. Other outputs are as of a `HeteroscedasticGP`; all are on the log scale.

    Where all rows have both measures it is about as exact as a process for energy itself; where more rows have latency
    than energy, its squared error is a fifth to a third smaller on most published device tables
    (`benchmarks/joint_measures.py`).

    Args:
        energy: number of the output that is a product.
        latency: number of the output that is its factor.
        faint: as of `HeteroscedasticGP`.
    """

    capabilities = Capabilities(differentiable=True, joint=False, noise=True)

    def __init__(self, energy: int = 0, latency: int = 1, faint: Sequence[int] = ()) -> None:
        self.energy, self.latency = energy, latency
        self.faint = tuple(faint)
        self._state: HeteroscedasticGP | None = None

    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m`, NaN = unknown, or None).

        Raises:
            SurrogateError: as of `HeteroscedasticGP`, or fewer than 2 rows have both latency and energy.
        """
        x, y, y_var = checked(x, y, y_var)
        if y.shape[1] <= max(self.energy, self.latency):
            wanted = max(self.energy, self.latency) + 1
            raise SurrogateError(f"expected at least {wanted} outputs, energy and latency among them, got {y.shape[1]}")
        energy, latency = y[:, self.energy], y[:, self.latency]
        both = int((energy / latency).isfinite().sum())
        if both < 2:
            raise SurrogateError(f"expected at least 2 rows with both energy and latency, got {both}; measure more")
        y, y_var = y.clone(), y_var.clone()
        power = energy / latency
        relative = y_var[:, self.energy] / energy.square() + y_var[:, self.latency] / latency.square()
        y[:, self.energy], y_var[:, self.energy] = power, relative * power.square()
        state = HeteroscedasticGP(faint=self.faint)
        state.fit(x, y, y_var)
        self._state = state

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`; differentiable in `x`."""
        return self._multiplied(self._fitted.predict(x))

    def leave_one_out(self) -> Prediction:
        """Returns the belief about each training row from all other rows, `n x m`, NaN where missing."""
        return self._multiplied(self._fitted.leave_one_out())

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it.

        Raises:
            SurrogateError: nothing was fitted, or the folder cannot be written.
        """
        tensor, text = packed_surrogate(self._fitted)
        storage.write(folder, KIND, {"process": tensor}, self._settings() | {"process": text})

    @classmethod
    def load(cls, folder: Path) -> AveragePower:
        """Returns the surrogate that `save` wrote.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, KIND, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> AveragePower:
        process = unpacked_surrogate(HeteroscedasticGP, tensors["process"], settings["process"])
        surrogate = cls(settings["energy"], settings["latency"], process.faint)
        surrogate._state = process
        return surrogate

    def _settings(self) -> dict[str, int | str]:
        return {"energy": self.energy, "latency": self.latency}

    @property
    def _fitted(self) -> HeteroscedasticGP:
        return fitted(self._state)

    def _multiplied(self, found: Prediction) -> Prediction:
        """Returns the belief with energy in the place of average power: log variances of both factors add up.

        What is unknown of the two is taken as independent, which errs towards wide intervals: a row's noise that makes
        latency look long makes power look small.
        """
        parts = [
            part[:, self.energy] + part[:, self.latency]
            for part in log_belief(Prediction(found.mean, found.aleatoric_var, found.epistemic_var))
        ]
        columns = (found.mean, found.aleatoric_var, found.epistemic_var)
        places = torch.arange(found.mean.shape[1]) == self.energy
        mean, aleatoric, epistemic = (
            torch.where(places, energy.unsqueeze(-1), column)
            for energy, column in zip(TRANSFORM.moments(parts[0], parts[1], parts[2]), columns, strict=True)
        )
        return Prediction(mean, aleatoric, epistemic, found.log_normal)
