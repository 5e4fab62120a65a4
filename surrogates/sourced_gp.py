"""A new device's joint belief, for searches: Gaussian processes that start from devices that were measured before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from surrogates import storage
from surrogates.base import Capabilities, Surrogate
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.prediction import Prediction
from surrogates.sourced_gp_output import Answers, OutputRows, SourcedOutput, choose_sourced, log_means
from surrogates.sourced_gp_storage import packed_output, unpacked_output
from surrogates.training_data import checked, fitted
from surrogates.transfer_screen import Dropped
from surrogates.transfer_source import SourceDevice, check_features, log_belief
from surrogates.transfer_storage import packed_source, unpacked_source

KIND = "sourced-gp"


@dataclass(frozen=True)
class _Fitted:
    """What `fit` leaves behind; `outputs` has one entry per output, None where no other device is asked."""

    alone: HeteroscedasticGP
    outputs: tuple[SourcedOutput | None, ...]
    dropped: tuple[Dropped, ...]

    @property
    def heard(self) -> tuple[tuple[int, SourcedOutput], ...]:
        """The outputs for which sources are asked, with their numbers."""
        return tuple((output, own) for output, own in enumerate(self.outputs) if own is not None)

    @property
    def places(self) -> tuple[int, ...]:
        """Places of the sources that any output asks."""
        return tuple(sorted({place for _, own in self.heard for place in own.places}))


class SourcedGP(Surrogate):
    """A `HeteroscedasticGP` that may hear other devices; all outputs on the log scale.

    Per output there are two processes: one on the features, and one on the features and what the sources predict
    there, the features being faint beside that. They are mixed by how well each predicts the device's rows, leaving one
    out; where the sources do not help, the first one answers alone. Sources whose measurements do not agree with
    themselves, or not at all with the device's rows, are left out before. Those not used are named in `dropped`.

    `TransferSurrogate` averages over more settings, but has no joint belief, which a search by gradients needs. Without
    sources this is the `HeteroscedasticGP`.

    Args:
        sources: devices measured before, with the outputs in the order of `y`.
        faint: as of the `HeteroscedasticGP` of the device's own rows.
    """

    capabilities = Capabilities(differentiable=True, joint=True, noise=True)

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
        if not self.sources:
            self._state = _Fitted(alone, (None,) * y.shape[1], ())
            return
        check_features(self.sources, x)
        with torch.no_grad():
            unseen, answers = log_belief(alone.leave_one_out())[0], self._answers(x, range(len(self.sources)))
        rows = [OutputRows(x, y[:, i], y_var[:, i], unseen[:, i]) for i in range(y.shape[1])]
        found = [choose_sourced(self.sources, output, answers, own) for output, own in enumerate(rows)]
        dropped = tuple(entry for _, entries in found for entry in entries)
        self._state = _Fitted(alone, tuple(own for own, _ in found), dropped)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Which sources are not used for which output, and why."""
        return self._fitted.dropped

    def sources_of(self, output: int) -> tuple[str, ...]:
        """Returns the names of the sources that are used for an output."""
        own = self._fitted.outputs[output]
        return () if own is None else tuple(self.sources[place].name for place in own.places)

    def weight_of(self, output: int) -> float:
        """Returns how much the process with sources counts for an output, from 0 to 1; 0 where none is used."""
        own = self._fitted.outputs[output]
        return 0.0 if own is None else own.weight

    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`; differentiable in `x`."""
        state = self._fitted
        alone = state.alone.predict(x)
        if not state.places:
            return alone
        columns = [list(part.unbind(-1)) for part in (alone.mean, alone.aleatoric_var, alone.epistemic_var)]
        logs, answers = log_belief(alone), self._answers(x, state.places)
        for output, own in state.heard:
            level, noise, ignorance = (part[:, output] for part in logs)
            mixed = own.moments(own.inputs(x, answers, output), (level, noise, ignorance))
            for column, part in zip(columns, mixed, strict=True):
                column[output] = part
        mean, aleatoric, epistemic = (torch.stack(column, dim=-1) for column in columns)
        return Prediction(mean, aleatoric, epistemic, (True,) * len(state.outputs))

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean `... x m x q` and covariance `... x m x q x q` of the noise-free logarithms.

        Args:
            x: `... x q x d`.
        """
        state = self._fitted
        mean, covariance = state.alone.joint(x)
        if not state.places:
            return mean, covariance
        means, covariances, answers = list(mean.unbind(-2)), list(covariance.unbind(-3)), self._answers(x, state.places)
        for output, own in state.heard:
            inputs = own.inputs(x, answers, output)
            means[output], covariances[output] = own.joint(inputs, means[output], covariances[output])
        return torch.stack(means, dim=-2), torch.stack(covariances, dim=-3)

    def covariance(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns the covariance `... x m x n1 x n2` of the noise-free logarithms between two sets of points.

        Args:
            first: `... x n1 x d`.
            second: `... x n2 x d`.
        """
        state = self._fitted
        covariance = state.alone.covariance(first, second)
        if not state.places:
            return covariance
        parts = list(covariance.unbind(-3))
        answers = self._answers(first, state.places), self._answers(second, state.places)
        means = log_means(state.alone, first), log_means(state.alone, second)
        for output, own in state.heard:
            inputs = own.inputs(first, answers[0], output), own.inputs(second, answers[1], output)
            parts[output] = own.covariance(inputs, (means[0][..., output], means[1][..., output]), parts[output])
        return torch.stack(parts, dim=-3)

    def noise(self, x: Tensor) -> Tensor:
        """Returns the variance `... x m` of one measurement of the logarithms at `x: ... x d`."""
        state = self._fitted
        noise = state.alone.noise(x)
        if not state.places:
            return noise
        parts, answers = list(noise.unbind(-1)), self._answers(x, state.places)
        for output, own in state.heard:
            parts[output] = own.noise(own.inputs(x, answers, output), parts[output])
        return torch.stack(parts, dim=-1)

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it; the sources' surrogates too.

        Raises:
            SurrogateError: nothing was fitted, or the folder cannot be written.
        """
        state, tensors = self._fitted, dict[str, Tensor]()
        tensors["alone"], alone = packed_surrogate(state.alone)
        settings: dict[str, Any] = {"alone": alone, "sources": [], "outputs": []}
        for name, parts in (
            ("source", [packed_source(source) for source in self.sources]),
            ("output", [packed_output(own) for own in state.outputs]),
        ):
            for place, (own, described) in enumerate(parts):
                tensors |= {f"{name}.{place}.{key}": value for key, value in own.items()}
                settings[f"{name}s"].append(described)
        settings["dropped"] = [asdict(dropped) for dropped in state.dropped]
        storage.write(folder, KIND, tensors, settings)

    @classmethod
    def load(cls, folder: Path) -> SourcedGP:
        """Returns the surrogate that `save` wrote.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, KIND, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> SourcedGP:
        sources = [
            unpacked_source(storage.below(tensors, f"source.{i}."), own) for i, own in enumerate(settings["sources"])
        ]
        outputs = [
            unpacked_output(storage.below(tensors, f"output.{i}."), own) for i, own in enumerate(settings["outputs"])
        ]
        alone = unpacked_surrogate(HeteroscedasticGP, tensors["alone"], settings["alone"])
        surrogate = cls(sources, alone.faint)
        surrogate._state = _Fitted(alone, tuple(outputs), tuple(Dropped(**own) for own in settings["dropped"]))
        return surrogate

    @property
    def _fitted(self) -> _Fitted:
        return fitted(self._state)

    def _answers(self, x: Tensor, places: Iterable[int]) -> Answers:
        """Returns what the sources at these places say at `x: ... x d`."""
        flat = x.reshape(-1, x.shape[-1])
        return {
            place: {output: own[0].reshape(x.shape[:-1]) for output, own in self.sources[place].answers(flat).items()}
            for place in places
        }
