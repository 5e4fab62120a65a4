"""The contract of every surrogate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from surrogates.prediction import Prediction


@dataclass(frozen=True)
class Capabilities:
    """What a surrogate can do.

    Attributes:
        differentiable: `predict` carries gradients from its outputs to `x`.
        joint: `posterior` gives joint samples over points, as acquisition functions need.
        noise: the aleatoric variance is modelled rather than assumed to be zero.
    """

    differentiable: bool
    joint: bool
    noise: bool


class Surrogate(ABC):
    """Maps features to `m` outputs with mean, aleatoric and epistemic variance.

    Shapes: `x: n x d` (float64, any scale: a surrogate standardises by itself), `y: n x m`, `y_var: n x m` the known
    variance of each mean in `y` (from repeats or blocks), NaN where unknown.
    """

    capabilities: Capabilities

    @abstractmethod
    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m` or None).

        Raises:
            SurrogateError: shapes disagree, or an output has fewer than 2 finite values.
        """

    @abstractmethod
    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`; never a pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Surrogate:
        """Returns the surrogate that `save` wrote; its predictions are equal.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
