"""What a heteroscedastic Gaussian process believes about one output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from surrogates import gaussian_process
from surrogates.gaussian_process import GaussianProcess
from surrogates.kernels import TrendKernel
from surrogates.noise_model import NoiseModel
from surrogates.transforms import OutputTransform

Moments = tuple[Tensor, Tensor, Tensor]
"""Mean, aleatoric variance, epistemic variance; one shape."""


@dataclass(frozen=True)
class OutputBelief:
    """One output's process with its way back to the output's units.

    All methods take standardised features `... x k` and answer in the transformed space (log, or the output's units).

    Attributes:
        rows: `n`, the training rows that have this output.
        transform: from the output's units to the process's standardised space.
        process: the fitted process.
        noise_model: interpolates the known variances; None where none was known.
    """

    rows: Tensor
    transform: OutputTransform
    process: GaussianProcess
    noise_model: NoiseModel | None

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, y_var: Tensor, log: bool) -> OutputBelief:
        """Fits to standardised `x: n x k`, values `y: n` (NaN = missing) and variances `y_var: n` (NaN = unknown).

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        rows = y.isfinite().nonzero().squeeze(-1)
        x, y, y_var = x[rows], y[rows], y_var[rows]
        transform = OutputTransform.fit(y, log)
        variance = transform.transform_variance(y, y_var) / transform.scale**2
        known = variance.isfinite()
        noise_model = NoiseModel.fit(x[known], variance[known]) if bool(known.any()) else None
        presumed = torch.zeros_like(variance) if noise_model is None else noise_model(x)
        standardised = transform.standardise(transform.transform(y))
        process = gaussian_process.fit(x, standardised, torch.where(known, variance, presumed))
        return cls(rows, transform, process, noise_model)

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `...` of one measurement at `x: ... x k`."""
        known = x.new_zeros(x.shape[:-1]) if self.noise_model is None else self.noise_model(x)
        return (known + self.process.extra_noise) * self.transform.scale**2

    def moments(self, x: Tensor) -> Moments:
        """Returns the belief at `x: ... x k` in the output's own units."""
        mean, variance = self.process.mean_and_variance(x)
        return self.transform.moments(
            self.transform.unstandardise(mean), self.noise(x), variance * self.transform.scale**2
        )

    def leave_one_out(self) -> Moments:
        """Returns the belief at each training row from all the others, `n` each, in the output's own units."""
        mean, variance = self.process.leave_one_out()
        noise = self.process.known_noise + self.process.extra_noise
        square = self.transform.scale**2
        epistemic = (variance - noise).clamp_min(0.0) * square
        return self.transform.moments(self.transform.unstandardise(mean), noise * square, epistemic)

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x q` and covariance `... x q x q` of the noise-free output at `x: ... x q x k`."""
        mean, covariance = self.process.joint(x)
        return self.transform.unstandardise(mean), covariance * self.transform.scale**2

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the posterior covariance `... x n1 x n2` of the noise-free output between two sets of points."""
        return self.process.covariance(first, second) * self.transform.scale**2

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which `from_state` builds an equal belief."""
        process, noise = self.process, self.noise_model
        tensors = {"rows": self.rows, "x": process.x, "y": process.y, "known_noise": process.known_noise}
        tensors |= {f"kernel.{name}": value for name, value in process.kernel.hyperparameters().items()}
        settings: dict[str, Any] = {
            "log": self.transform.log,
            "shift": self.transform.shift,
            "scale": self.transform.scale,
            "extra_noise": process.extra_noise,
        }
        if noise is not None:
            tensors["noise_slope"] = noise.slope
            settings["noise_model"] = {"level": noise.level, "lowest": noise.lowest, "highest": noise.highest}
        return tensors, settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> OutputBelief:
        """Returns the belief that `to_state` described."""
        kernel = TrendKernel(tensors["x"].shape[-1])
        kernel.set_hyperparameters(
            {name.removeprefix("kernel."): value for name, value in tensors.items() if name.startswith("kernel.")}
        )
        process = GaussianProcess.condition(
            kernel, tensors["x"], tensors["y"], tensors["known_noise"], settings["extra_noise"]
        )
        transform = OutputTransform(settings["log"], settings["shift"], settings["scale"])
        noise_model = (
            NoiseModel(tensors["noise_slope"], **settings["noise_model"]) if "noise_model" in settings else None
        )
        return cls(tensors["rows"], transform, process, noise_model)
