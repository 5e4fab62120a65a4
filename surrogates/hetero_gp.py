"""A Gaussian process per output that tells measurement noise from ignorance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities, Surrogate
from surrogates.errors import SurrogateError
from surrogates.output_belief import OutputBelief
from surrogates.per_output import log_scales, packed, prediction, unpacked
from surrogates.prediction import Prediction
from surrogates.training_data import checked, fitted
from surrogates.transforms import FeatureScaler

if TYPE_CHECKING:
    from surrogates.botorch_model import FeatureModel

KIND = "hetero-gp"


@dataclass(frozen=True)
class _Fitted:
    """What `fit` leaves behind: the scaler of the features, one belief per output, the number of training rows."""

    scaler: FeatureScaler
    beliefs: tuple[OutputBelief, ...]
    count: int


class HeteroscedasticGP(Surrogate):
    """Independent Gaussian processes, one per output, with known noise per row plus a learned rest.

    Each output has its own rows (NaN = missing), its own scale (log by default, with exact log-normal moments back) and
    its own noise: `y_var` counts as it is, and a learned homoscedastic variance takes what it leaves out (run-to-run
    differences, what the features cannot see). At new points the known part is interpolated. Everything is computed in
    float64 and is deterministic.

    Args:
        log_outputs: per output, whether it lives on the log scale (positive values only); None means all of them.
        faint: numbers of the columns of `x` that are expected to say little beside the others: few rows nearly ignore
            them, many rows find out.
    """

    capabilities = Capabilities(differentiable=True, joint=True, noise=True)

    def __init__(self, log_outputs: Sequence[bool] | None = None, faint: Sequence[int] = ()) -> None:
        self.log_outputs = None if log_outputs is None else tuple(log_outputs)
        self.faint = tuple(faint)
        self._state: _Fitted | None = None

    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m`, NaN = unknown, or None).

        Raises:
            SurrogateError: shapes disagree, features are not finite, an output has fewer than 2 finite values, a
                variance is negative, or an output on the log scale is not positive.
        """
        x, y, y_var = checked(x, y, y_var)
        logs = log_scales(self.log_outputs, y.shape[1])
        scaler = FeatureScaler.fit(x)
        scaled, faint = scaler(x), self._faint_columns(x.shape[1])[scaler.keep]
        beliefs = tuple(OutputBelief.fit(scaled, y[:, i], y_var[:, i], log, faint) for i, log in enumerate(logs))
        self._state = _Fitted(scaler, beliefs, len(x))

    @property
    def num_outputs(self) -> int:
        """How many outputs were fitted."""
        return len(self._fitted.beliefs)

    @property
    def scales(self) -> Tensor:
        """`m`, the standard deviation of each transformed output over its training rows."""
        return torch.tensor([belief.transform.scale for belief in self._fitted.beliefs], dtype=torch.float64)

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`; differentiable in `x`."""
        scaled = self._fitted.scaler(x)
        beliefs = self._fitted.beliefs
        return prediction(beliefs, [belief.moments(scaled) for belief in beliefs])

    def leave_one_out(self) -> Prediction:
        """Returns the belief about each training row from all other rows, `n x m`, NaN where missing.

        Exact for the fitted hyperparameters and scales, which have seen the row. The aleatoric part is the noise of
        the row itself.
        """
        rows = []
        for belief in self._fitted.beliefs:
            mean, aleatoric, epistemic = (self._scatter(part, belief.rows) for part in belief.leave_one_out())
            rows.append((mean, aleatoric, epistemic))
        return prediction(self._fitted.beliefs, rows)

    def transform_outputs(self, y: Tensor) -> Tensor:
        """Returns `y: ... x m` in the space of `joint` and `model_on`: the logarithm of outputs on the log scale."""
        return torch.stack(
            [belief.transform.transform(y[..., i]) for i, belief in enumerate(self._fitted.beliefs)], dim=-1
        )

    def untransform_outputs(self, transformed: Tensor) -> Tensor:
        """Returns `transformed: ... x m` in the outputs' units; of a transformed mean this is the median."""
        return torch.stack(
            [b.transform.untransform(transformed[..., i]) for i, b in enumerate(self._fitted.beliefs)], dim=-1
        )

    def joint(self, x: Tensor, outputs: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Returns mean `... x m x q` and covariance `... x m x q x q` of the noise-free transformed outputs.

        Args:
            x: `... x q x d`.
            outputs: indices of the `m` outputs to answer for; None means all.
        """
        scaled = self._fitted.scaler(x)
        chosen = range(self.num_outputs) if outputs is None else outputs
        means, covariances = zip(*(self._fitted.beliefs[i].joint(scaled) for i in chosen), strict=True)
        return torch.stack(means, dim=-2), torch.stack(covariances, dim=-3)

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariance `... x m x n1 x n2` of the noise-free transformed outputs between two sets of points.

        Args:
            first: `... x n1 x d`.
            second: `... x n2 x d`.
        """
        one, two = self._fitted.scaler(first), self._fitted.scaler(second)
        return torch.stack([belief.covariance(one, two) for belief in self._fitted.beliefs], dim=-3)

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `... x m` of one measurement of the transformed outputs at `x: ... x d`."""
        scaled = self._fitted.scaler(x)
        return torch.stack([belief.noise(scaled) for belief in self._fitted.beliefs], dim=-1)

    def model_on(self, feature_map: Callable[[Tensor], Tensor]) -> FeatureModel:
        """Returns a BoTorch model of the transformed outputs as functions of `z`.

        Args:
            feature_map: maps `z: ... x dz` to features `... x d`, differentiable.
        """
        from surrogates.botorch_model import FeatureModel  # noqa: PLC0415  only searches need BoTorch, which loads slowly

        return FeatureModel(self, feature_map)

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it.

        Raises:
            SurrogateError: nothing was fitted, or the folder cannot be written.
        """
        tensors, settings = packed(self._fitted.scaler, self._fitted.beliefs)
        storage.write(folder, KIND, tensors, {**settings, "count": self._fitted.count, "faint": list(self.faint)})

    @classmethod
    def load(cls, folder: Path) -> HeteroscedasticGP:
        """Returns the surrogate that `save` wrote.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, KIND, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> HeteroscedasticGP:
        scaler, beliefs = unpacked(tensors, settings, OutputBelief.from_state)
        surrogate = cls(tuple(belief.transform.log for belief in beliefs), settings["faint"])
        surrogate._state = _Fitted(scaler, beliefs, settings["count"])
        return surrogate

    @property
    def _fitted(self) -> _Fitted:
        return fitted(self._state)

    def _faint_columns(self, width: int) -> Tensor:
        """Returns for each of `width` columns whether it is expected to say little."""
        if any(not 0 <= column < width for column in self.faint):
            raise SurrogateError(f"expected faint columns from 0 to {width - 1}, got {list(self.faint)}")
        return torch.zeros(width, dtype=torch.bool).index_fill(0, torch.tensor(self.faint, dtype=torch.long), True)

    def _scatter(self, values: Tensor, rows: Tensor) -> Tensor:
        """Returns `count` values, those of `rows` from `values`, NaN elsewhere."""
        return values.new_full((self._fitted.count,), torch.nan).index_copy(0, rows, values)
