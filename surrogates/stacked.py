"""Several surrogates as one: weighed, per output, by how well they predict rows that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from surrogates import storage
from surrogates.average_power import KIND as AVERAGE_POWER
from surrogates.average_power import AveragePower
from surrogates.base import Capabilities, Surrogate
from surrogates.errors import SurrogateError
from surrogates.held_out import held_out
from surrogates.hetero_gp import KIND as GP
from surrogates.hetero_gp import HeteroscedasticGP
from surrogates.intervals import spread
from surrogates.nested import packed_surrogate, unpacked_surrogate
from surrogates.prediction import Prediction
from surrogates.training_data import checked, fitted
from surrogates.transfer import KIND as TRANSFER
from surrogates.transfer import TransferSurrogate
from surrogates.trees import KIND as TREES
from surrogates.trees import BoostedTrees

KIND = "stacked"
KINDS: dict[str, type[Surrogate]] = {
    GP: HeteroscedasticGP,
    TREES: BoostedTrees,
    TRANSFER: TransferSurrogate,
    AVERAGE_POWER: AveragePower,
}
"""What can be a member of one that is saved."""


@dataclass(frozen=True)
class Member:
    """One of the surrogates.

    Attributes:
        name: its name.
        make: makes an unfitted one.
        trust: its weight where all predict equally well, relative to the others'.
        outputs: numbers of the outputs that it is asked for; None means all.
    """

    name: str
    make: Callable[[], Surrogate]
    trust: float
    outputs: tuple[int, ...] | None = None

    def trusts(self, outputs: int) -> Tensor:
        """Returns its trust for each of `outputs`, 0 where it is not asked."""
        asked = [self.outputs is None or output in self.outputs for output in range(outputs)]
        return self.trust * torch.tensor(asked, dtype=torch.float64)


USUAL = (Member("gp", HeteroscedasticGP, 2.0), Member("trees", BoostedTrees, 1.0))
"""Processes follow slopes from few rows, trees follow steps. On the published ProTran device tables (six splits) a
third of trees beside them lowers the squared error of peak power by 4 to 8 %, of energy at 8 rows by 20 %, and costs
latency 3 % at most."""


@dataclass(frozen=True)
class _Fitted:
    """What `fit` leaves behind: members `k` that could be fitted, weights `m x k`, factors on deviations `m`."""

    names: tuple[str, ...]
    surrogates: tuple[Surrogate, ...]
    weights: Tensor
    spread: Tensor


class StackedSurrogate(Surrogate):
    """Weighs surrogates, per output, by trust over the mean squared error at rows that they have not seen.

    Members that know what they would have said of a row without it (`leave_one_out`) are asked that, others are fitted
    again to parts of the rows. Where members disagree, the epistemic variance grows; the intervals of the whole are
    then made as wide as the unseen rows show that they must be (`surrogates.intervals`). A member that cannot be fitted
    is left out.

    Source: J. M. Bates, C. W. J. Granger, "The Combination of Forecasts", Operational Research Quarterly 20, 1969, for
    weights by the inverse of the error; D. H. Wolpert, "Stacked Generalization", Neural Networks 5, 1992.

    Args:
        members: what is weighed.
        seed: of the parts of the rows.
    """

    capabilities = Capabilities(differentiable=False, joint=False, noise=True)

    def __init__(self, members: Sequence[Member] = USUAL, seed: int = 0) -> None:
        self.members = tuple(members)
        self.seed = seed
        self._state: _Fitted | None = None

    def fit(self, x: Tensor, y: Tensor, y_var: Tensor | None = None) -> None:
        """Fits to `x: n x d`, `y: n x m` (NaN = missing) and the variances of `y` (`n x m`, NaN = unknown, or None).

        Raises:
            SurrogateError: no member can be fitted; the first one's reason.
        """
        x, y, y_var = checked(x, y, y_var)
        fitted: list[tuple[Member, Surrogate, Prediction]] = []
        refusals: list[SurrogateError] = []
        for member in self.members:
            surrogate = member.make()
            try:
                surrogate.fit(x, y, y_var)
            except SurrogateError as error:
                refusals.append(error)
                continue
            fitted.append((member, surrogate, held_out(surrogate, member.make, x, y, y_var, self.seed)))
        if not fitted:
            raise refusals[0]
        members, surrogates, unseen = zip(*fitted, strict=True)
        weights = _weights(torch.stack([member.trusts(y.shape[1]) for member in members], dim=-1), unseen, y)
        widths = spread(_mixture(unseen, weights), y)
        self._state = _Fitted(tuple(member.name for member in members), surrogates, weights, widths)

    def weights_of(self, output: int) -> dict[str, float]:
        """Returns the weights of the members that answer for an output; they add up to 1."""
        weights = zip(self._fitted.names, self._fitted.weights[output].tolist(), strict=True)
        return {name: weight for name, weight in weights if weight > 0.0}

    def member(self, name: str) -> Surrogate | None:
        """Returns the fitted member of a name; None where it could not be fitted."""
        return dict(zip(self._fitted.names, self._fitted.surrogates, strict=True)).get(name)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Prediction:
        """Returns the belief at `x: n x d`, in the units of `y`."""
        state = self._fitted
        mixture = _mixture([surrogate.predict(x) for surrogate in state.surrogates], state.weights)
        factor = state.spread.square()
        return Prediction(
            mixture.mean, mixture.aleatoric_var * factor, mixture.epistemic_var * factor, mixture.log_normal
        )

    def save(self, folder: Path) -> None:
        """Writes tensors (safetensors) and settings (JSON) into `folder`, creating it; the members' too.

        Raises:
            SurrogateError: nothing was fitted, a member is of none of `KINDS`, or the folder cannot be written.
        """
        state, own = self._fitted, {member.name: member for member in self.members}
        tensors, members = {"weights": state.weights, "spread": state.spread}, list[dict[str, Any]]()
        for name, surrogate in zip(state.names, state.surrogates, strict=True):
            kind = _kind(surrogate)
            tensors[f"member.{name}"], text = packed_surrogate(surrogate)
            outputs = own[name].outputs
            described = {"name": name, "kind": kind, "trust": own[name].trust, "settings": text}
            members.append(described | {"outputs": None if outputs is None else list(outputs)})
        storage.write(folder, KIND, tensors, {"seed": self.seed, "members": members})

    @classmethod
    def load(cls, folder: Path) -> StackedSurrogate:
        """Returns the surrogate that `save` wrote; those of its members that had been fitted.

        Raises:
            SurrogateError: the folder is missing or damaged, or holds another kind of surrogate.
        """
        return storage.read(folder, KIND, cls._from_state)

    @classmethod
    def _from_state(cls, tensors: storage.Tensors, settings: storage.Settings) -> StackedSurrogate:
        described = settings["members"]
        names = tuple(own["name"] for own in described)
        members = [
            Member(own["name"], KINDS[own["kind"]], own["trust"], own["outputs"] and tuple(own["outputs"]))
            for own in described
        ]
        surrogates = tuple(
            unpacked_surrogate(KINDS[own["kind"]], tensors[f"member.{own['name']}"], own["settings"])
            for own in described
        )
        stacked = cls(members, settings["seed"])
        stacked._state = _Fitted(names, surrogates, tensors["weights"], tensors["spread"])
        return stacked

    @property
    def _fitted(self) -> _Fitted:
        return fitted(self._state)


def _kind(surrogate: Surrogate) -> str:
    for name, kind in KINDS.items():
        if type(surrogate) is kind:
            return name
    raise SurrogateError(f"expected a member among {', '.join(KINDS)}, got {type(surrogate).__name__}")


def _weights(trust: Tensor, unseen: Sequence[Prediction], y: Tensor) -> Tensor:
    """Returns weights `m x k` from trust `m x k` and what each member says of rows `y: n x m` that it has not seen.

    Members are compared where all of them say something; where that is nowhere, trust alone counts.
    """
    squares = torch.stack([(prediction.median.detach() - y).square() for prediction in unseen], dim=-1)  # (n, m, k)
    compared = squares.isfinite().all(-1, keepdim=True)
    error = squares.masked_fill(~compared, 0.0).sum(0) / compared.sum(0).clamp_min(1)
    least = torch.finfo(error.dtype).tiny
    weights = trust * error.amin(-1, keepdim=True).clamp_min(least) / error.clamp_min(least)
    return weights / weights.sum(-1, keepdim=True)


def _mixture(parts: Sequence[Prediction], weights: Tensor) -> Prediction:
    """Returns the moments of the mixture of `k` beliefs by weights `m x k`; how they differ is ignorance."""
    means = torch.stack([part.mean for part in parts], dim=-1)
    mean = (weights * means).sum(-1)
    aleatoric = (weights * torch.stack([part.aleatoric_var for part in parts], dim=-1)).sum(-1)
    apart = (means - mean.unsqueeze(-1)).square()
    epistemic = (weights * (torch.stack([part.epistemic_var for part in parts], dim=-1) + apart)).sum(-1)
    return Prediction(mean, aleatoric, epistemic, parts[0].log_normal)
