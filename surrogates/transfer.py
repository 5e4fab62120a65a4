"""A new device from few rows of its own and from devices that were measured before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities, Surrogate
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.output_belief import Moments
from surrogates.prediction import Prediction
from surrogates.training_data import checked, fitted
from surrogates.transfer_belief import TransferBelief
from surrogates.transfer_output import Answers, OutputTransfer, Rows, choose_transfer
from surrogates.transfer_screen import Dropped
from surrogates.transfer_source import SourceDevice, check_features, log_belief
from surrogates.transfer_storage import packed_source, unpacked_source
from surrogates.transforms import FeatureScaler

KIND = "transfer"
CHUNK = 2048
"""Rows answered together: memory stays small for a hundred thousand candidates."""


@dataclass(frozen=True)
class _Fitted:
    """What `fit` leaves behind; `transfers` has one entry per output, None where no other device is asked."""

    scaler: FeatureScaler
    alone: HeteroscedasticGP
    transfers: tuple[OutputTransfer | None, ...]
    dropped: tuple[Dropped, ...]


class TransferSurrogate(Surrogate):
    """Starts a new device from the surrogates of devices that were measured before; all outputs on the log scale.

    Per output, sources whose measurements do not agree with themselves, or not at all with the device's rows, are left
    out and named in `dropped`. A `TransferBelief` weighs the others; what it says and what a `HeteroscedasticGP` of the
    device's own rows says are pooled, so that sources never decide alone. Where the rows show harm, no source is asked
    for the output. Without sources it is that process.

    Args:
        sources: devices measured before, with the outputs in the order of `y`.
        faint: as of the `HeteroscedasticGP` of the device's own rows.
    """

    capabilities = Capabilities(differentiable=True, joint=False, noise=True)

    def __init__(self, sources: Sequence[SourceDevice] = (), faint: Sequence[int] = ()) -> None:
        self.sources = tuple(sources)
        self.faint = tuple(faint)
        self._state: _Fitted | None = None

    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m`, NaN = unknown, or None).

        Raises:
            SurrogateError: shapes disagree, also with the sources', features are not finite, an output has fewer than 2
                finite values, a variance is negative, or a value is not positive.
        """
        x, y, y_var = checked(x, y, y_var)
        alone = HeteroscedasticGP(faint=self.faint)
        alone.fit(x, y, y_var)
        with torch.no_grad():
            expected = log_belief(alone.leave_one_out())[0]
            check_features(self.sources, x)
            scaler = FeatureScaler.fit(torch.cat([x, *(source.x for source in self.sources)]))
            scaled, answers = scaler(x), self._answers(x)
            rows = [Rows.there(scaled, y[:, i], y_var[:, i], expected[:, i]) for i in range(y.shape[1])]
            found = [choose_transfer(self.sources, output, answers, own) for output, own in enumerate(rows)]
        dropped = tuple(entry for _, entries in found for entry in entries)
        self._state = _Fitted(scaler, alone, tuple(own for own, _ in found), dropped)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Which sources are not used for which output, and why."""
        return self._fitted.dropped

    def sources_of(self, output: int) -> tuple[str, ...]:
        """Returns the names of the sources that are used for an output."""
        transfer = self._fitted.transfers[output]
        return () if transfer is None else tuple(self.sources[place].name for place in transfer.sources)

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`; differentiable in `x`."""
        parts = [self._predict(part) for part in torch.split(x, CHUNK)] if len(x) else [self._predict(x)]
        mean, aleatoric, epistemic = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("mean", "aleatoric_var", "epistemic_var")
        )
        return Prediction(mean, aleatoric, epistemic, parts[0].log_normal)

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it; the sources' surrogates too.

        Raises:
            SurrogateError: nothing was fitted, or the folder cannot be written.
        """
        state, tensors = self._fitted, dict[str, Tensor]()
        for name in ("keep", "mean", "scale"):
            tensors[f"scaler.{name}"] = getattr(state.scaler, name)
        tensors["alone"], alone = packed_surrogate(state.alone)
        settings: dict[str, Any] = {"width": state.scaler.width, "alone": alone, "sources": [], "outputs": []}
        for place, source in enumerate(self.sources):
            own, described = packed_source(source)
            tensors |= {f"source.{place}.{name}": value for name, value in own.items()}
            settings["sources"].append(described)
        for output, way in enumerate(state.transfers):
            if way is not None:
                own = way.belief.to_state()
                tensors |= {f"output.{output}.{name}": value for name, value in own.items()}
            settings["outputs"].append(None if way is None else list(way.sources))
        settings["dropped"] = [asdict(dropped) for dropped in state.dropped]
        storage.write(folder, KIND, tensors, settings)

    @classmethod
    def load(cls, folder: Path) -> TransferSurrogate:
        """Returns the surrogate that `save` wrote.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, KIND, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> TransferSurrogate:
        sources = [
            unpacked_source(storage.below(tensors, f"source.{i}."), own) for i, own in enumerate(settings["sources"])
        ]
        alone = unpacked_surrogate(HeteroscedasticGP, tensors["alone"], settings["alone"])
        surrogate = cls(sources, alone.faint)
        keep, mean, scale = (tensors[f"scaler.{name}"] for name in ("keep", "mean", "scale"))
        transfers = tuple(
            None
            if places is None
            else OutputTransfer(tuple(places), TransferBelief.from_state(storage.below(tensors, f"output.{output}.")))
            for output, places in enumerate(settings["outputs"])
        )
        scaler = FeatureScaler(keep, mean, scale, settings["width"])
        surrogate._state = _Fitted(scaler, alone, transfers, tuple(Dropped(**own) for own in settings["dropped"]))
        return surrogate

    @property
    def _fitted(self) -> _Fitted:
        return fitted(self._state)

    def _answers(self, x: Tensor) -> Answers:
        return {place: source.answers(x) for place, source in enumerate(self.sources)}

    def _predict(self, x: Tensor) -> Prediction:
        state = self._fitted
        scaled, alone = state.scaler(x), state.alone.predict(x)
        asked = {place for own in state.transfers if own is not None for place in own.sources}
        answers = {place: self.sources[place].answers(x) for place in asked}
        parts = (alone.mean, alone.aleatoric_var, alone.epistemic_var)
        moments = [_column(parts, output) for output in range(len(state.transfers))]
        for output, own in enumerate(state.transfers):
            if own is not None:
                moments[output] = own.moments(scaled, answers, output, _column(log_belief(alone), output))
        mean, aleatoric, epistemic = (torch.stack(columns, dim=-1) for columns in zip(*moments, strict=True))
        return Prediction(mean, aleatoric, epistemic, (True,) * len(moments))


def _column(parts: Moments, output: int) -> Moments:
    """Returns the moments of one output, `n` each, of those of all, `n x m` each."""
    mean, aleatoric, epistemic = (part[:, output] for part in parts)
    return mean, aleatoric, epistemic
