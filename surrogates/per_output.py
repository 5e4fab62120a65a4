"""Surrogates that believe about each output by itself: what all of them do with features, answers and files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Surrogate
from surrogates.errors import SurrogateError
from surrogates.output_belief import Moments
from surrogates.prediction import Prediction
from surrogates.training_data import checked, fitted
from surrogates.transforms import FeatureScaler, OutputTransform


class Belief(Protocol):
    """What is believed of one output."""

    @property
    def transform(self) -> OutputTransform:
        """From the output's units to the belief's."""

    def moments(self, x: Tensor) -> Moments:
        """Returns mean, aleatoric and epistemic variance, `n` each, at standardised `x: n x k`, in output units."""

    def to_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Returns the tensors and the settings from which an equal belief is built."""


B = TypeVar("B", bound=Belief)


def log_scales(log_outputs: Sequence[bool] | None, outputs: int) -> tuple[bool, ...]:
    """Returns for each output whether it lives on the log scale; None means all of them.

    Raises:
        SurrogateError: there is not one entry per output.
    """
    logs = (True,) * outputs if log_outputs is None else tuple(log_outputs)
    if len(logs) != outputs:
        raise SurrogateError(f"expected one entry of log_outputs per output, got {len(logs)} for {outputs} outputs")
    return logs


def prediction(beliefs: Sequence[Belief], moments: Sequence[Moments]) -> Prediction:
    """Returns the moments of each output as one prediction."""
    mean, aleatoric, epistemic = (torch.stack(parts, dim=-1) for parts in zip(*moments, strict=True))
    return Prediction(mean, aleatoric, epistemic, tuple(belief.transform.log for belief in beliefs))


def packed(scaler: FeatureScaler, beliefs: Sequence[Belief]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns the tensors and the settings from which `unpacked` gets both back."""
    tensors = {"scaler.keep": scaler.keep, "scaler.mean": scaler.mean, "scaler.scale": scaler.scale}
    outputs = []
    for i, belief in enumerate(beliefs):
        own, settings = belief.to_state()
        tensors |= {f"{i}.{name}": value for name, value in own.items()}
        outputs.append(settings)
    return tensors, {"width": scaler.width, "outputs": outputs}


def unpacked(
    tensors: storage.Tensors, settings: storage.Settings, read: Callable[[storage.Tensors, storage.Settings], B]
) -> tuple[FeatureScaler, tuple[B, ...]]:
    """Returns the scaler and the beliefs that `packed` described; `read` builds one belief."""
    scaler = FeatureScaler(tensors["scaler.keep"], tensors["scaler.mean"], tensors["scaler.scale"], settings["width"])
    return scaler, tuple(read(storage.below(tensors, f"{i}."), own) for i, own in enumerate(settings["outputs"]))


class SeededSurrogate(Surrogate, Generic[B]):
    """A surrogate whose belief about each output is a function of its rows and a seed.

    Args:
        log_outputs: per output, whether it lives on the log scale (positive values only); None means all of them.
        seed: of every random number.
    """

    kind: ClassVar[str]

    def __init__(self, log_outputs: Sequence[bool] | None = None, seed: int = 0) -> None:
        self.log_outputs = None if log_outputs is None else tuple(log_outputs)
        self.seed = seed
        self._state: tuple[FeatureScaler, tuple[B, ...]] | None = None

    @staticmethod
    @abstractmethod
    def _believe(x: Tensor, y: Tensor, y_var: Tensor, log: bool, seed: int) -> B:
        """Returns the belief from standardised `x: n x k`, `y: n` (NaN = missing), `y_var: n` (NaN = unknown)."""

    @staticmethod
    @abstractmethod
    def _read(tensors: storage.Tensors, settings: storage.Settings) -> B:
        """Returns the belief of one output that its `to_state` described."""

    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m`, NaN = unknown, or None).

        Raises:
            SurrogateError: shapes disagree, features are not finite, an output has fewer than 2 finite values, a
                variance is negative, or an output on the log scale is not positive.
        """
        x, y, y_var = checked(x, y, y_var)
        logs = log_scales(self.log_outputs, y.shape[1])
        scaler = FeatureScaler.fit(x)
        scaled = scaler(x)
        beliefs = tuple(self._believe(scaled, y[:, i], y_var[:, i], log, self.seed) for i, log in enumerate(logs))
        self._state = scaler, beliefs

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`."""
        scaler, beliefs = self._fitted
        scaled = scaler(x)
        return prediction(beliefs, [belief.moments(scaled) for belief in beliefs])

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it.

        Raises:
            SurrogateError: nothing was fitted, or the folder cannot be written.
        """
        tensors, settings = packed(*self._fitted)
        storage.write(folder, self.kind, tensors, {**settings, "seed": self.seed})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Returns the surrogate that `save` wrote.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, cls.kind, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> Self:
        scaler, beliefs = unpacked(tensors, settings, cls._read)
        surrogate = cls(tuple(belief.transform.log for belief in beliefs), settings["seed"])
        surrogate._state = scaler, beliefs
        return surrogate

    @property
    def _fitted(self) -> tuple[FeatureScaler, tuple[B, ...]]:
        return fitted(self._state)
