"""What a heteroscedastic Gaussian process believes about one output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from surrogates import gaussian_process
from surrogates.gaussian_process import REST_OF_NOISE, WHOLE_NOISE, GaussianProcess
from surrogates.kernels import TrendKernel
from surrogates.noise_model import NoiseModel, packed_noise, unpacked_noise
from surrogates.transforms import OutputTransform

FITTED_ALONG = 5
"""About how many numbers are fitted along with the function: level, trend, bends, lengthscale and noise."""

MOST_ROWS = 2000
"""Of more rows, evenly spread ones are used: effort grows with the cube of their number."""

Moments = tuple[Tensor, Tensor, Tensor]
"""Mean, aleatoric variance, epistemic variance; one shape."""


@dataclass(frozen=True)
class OutputBelief:
    """One output's process with its way back to the output's units.

    All methods take standardised features `... x k` and answer in the transformed space (log, or the output's units).

    Attributes:
        rows: `n`, the training rows that are used: those that have this output, at most `MOST_ROWS`.
        transform: from the output's units to the process's standardised space.
        process: the fitted process.
        noise_model: interpolates the known variances; None where none was known.
    """

    rows: Tensor
    transform: OutputTransform
    process: GaussianProcess
    noise_model: NoiseModel | None

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, y_var: Tensor, log: bool, faint: Tensor | None = None) -> OutputBelief:
        """Fits to standardised `x: n x k`, values `y: n` (NaN = missing) and variances `y_var: n` (NaN = unknown).

        `faint: k` tells the columns that are expected to say little; None means that none is.

        Raises:
            SurrogateError: a logarithm is asked for values that are not positive.
        """
        rows = y.isfinite().nonzero().squeeze(-1)
        rows = rows[:: math.ceil(len(rows) / MOST_ROWS)]
        x, y, y_var = x[rows], y[rows], y_var[rows]
        transform = OutputTransform.fit(y, log)
        variance = transform.transform_variance(y, y_var) / transform.scale**2
        noise_model, noise = NoiseModel.of_known(x, variance)
        prior = WHOLE_NOISE if noise_model is None else REST_OF_NOISE
        standardised = transform.standardise(transform.transform(y))
        process = gaussian_process.fit(x, standardised, noise, prior, faint)
        return cls(rows, transform, process, noise_model)

    @property
    def unit_variance(self) -> float:
        """Variance in the transformed space of 1 in the process's, for what was learned from the rows.

        Variances fitted to `n` rows come out too small, as a sample variance without its degrees of freedom does; the
        factor `(n + 5) / n` mends it and stays finite at 2 rows. On the published ProTran device tables 90 % intervals
        then cover .88 to .98 at 8 rows (medians over 20 splits), and .88 to .94 with four fifths of the table.
        """
        count = len(self.rows)
        return self.transform.scale**2 * (count + FITTED_ALONG) / count

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `...` of one measurement at `x: ... x k`."""
        extra = x.new_full(x.shape[:-1], self.process.extra_noise * self.unit_variance)
        return extra if self.noise_model is None else extra + self.noise_model(x) * self.transform.scale**2

    def moments(self, x: Tensor) -> Moments:
        """Returns the belief at `x: ... x k` in the output's own units."""
        mean, variance = self.process.mean_and_variance(x)
        return self.transform.moments(self.transform.unstandardise(mean), self.noise(x), variance * self.unit_variance)

    def leave_one_out(self) -> Moments:
        """Returns the belief at each training row from all the others, `n` each, in the output's own units."""
        process = self.process
        mean, variance = process.leave_one_out()
        epistemic = (variance - process.known_noise - process.extra_noise).clamp_min(0.0) * self.unit_variance
        noise = process.known_noise * self.transform.scale**2 + process.extra_noise * self.unit_variance
        return self.transform.moments(self.transform.unstandardise(mean), noise, epistemic)

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x q` and covariance `... x q x q` of the noise-free output at `x: ... x q x k`."""
        mean, covariance = self.process.joint(x)
        return self.transform.unstandardise(mean), covariance * self.unit_variance

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the posterior covariance `... x n1 x n2` of the noise-free output between two sets of points."""
        return self.process.covariance(first, second) * self.unit_variance

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which `from_state` builds an equal belief."""
        process = self.process
        tensors = {"rows": self.rows, "x": process.x, "y": process.y, "known_noise": process.known_noise}
        tensors |= {f"kernel.{name}": value for name, value in process.kernel.hyperparameters().items()}
        settings: dict[str, Any] = {
            "log": self.transform.log,
            "shift": self.transform.shift,
            "scale": self.transform.scale,
            "extra_noise": process.extra_noise,
        }
        noise_tensors, noise_settings = packed_noise(self.noise_model)
        return tensors | noise_tensors, settings | noise_settings

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
        return cls(tensors["rows"], transform, process, unpacked_noise(tensors, settings))
