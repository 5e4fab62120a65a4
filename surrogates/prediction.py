"""What a surrogate answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """Belief about `m` outputs at `n` points, in the outputs' own units.

    Attributes:
        mean: `n x m`, the expected value.
        aleatoric_var: `n x m`, variance of the measurement noise (stays however many profiles there are).
        epistemic_var: `n x m`, variance that more profiles would remove (ignorance).
    """

    mean: Tensor
    aleatoric_var: Tensor
    epistemic_var: Tensor

    @property
    def total_var(self) -> Tensor:
        """`n x m`: variance of one new measurement."""
        return self.aleatoric_var + self.epistemic_var

    def interval(self, level: float = 0.9) -> tuple[Tensor, Tensor]:
        """Returns the central normal interval of one new measurement, lower and upper bound, each `n x m`."""
        z = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.5 + level / 2, dtype=self.mean.dtype))
        half = z * self.total_var.sqrt()
        return self.mean - half, self.mean + half
