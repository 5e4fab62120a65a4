"""Other devices of the ledger as sources for a new one, and how much each of them counts."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from device_agents.measurement import Value
from protran.features import FeatureMap
from protran.fewshot.history import History, commonest
from surrogates.errors import SurrogateError
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_source import SourceDevice, log_belief

FEWEST_ROWS = 8
"""Values of a measure below which a device is no source: nobody can tell whether they agree with each other."""


@dataclass(frozen=True)
class Source:
    """A device that was measured before, for one measure.

    Attributes:
        history: where its values are from.
        device: its surrogate; None where it is none, for the `fault`.
        rows: how many candidates it has a value of.
        provenance: of these values.
        fault: why it cannot be used; empty where it can.
    """

    history: History
    device: SourceDevice | None
    rows: int
    provenance: str | None
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns what it is and under which conditions it was measured."""
        return {
            "source": self.history.name,
            "identity": self.history.identity,
            "rows": self.rows,
            "provenance": self.provenance,
            **self.history.conditions.to_json(),
        }


def tensors_of(features: FeatureMap, history: History, values: dict[str, Value]) -> tuple[Tensor, Tensor, Tensor]:
    """Returns hardware features `n x d`, values `n x 1` and their variances `n x 1` (NaN = unknown) of candidates."""
    chosen = [candidate for candidate in history.candidates if candidate.key in values]
    x = features.of_candidates(chosen)[:, features.columns(features.hardware_names)]
    found = [values[candidate.key] for candidate in chosen]
    y = torch.tensor([[value.value] for value in found], dtype=torch.float64)
    known = [[torch.nan if value.stderr is None else value.stderr**2] for value in found]
    return x, y, torch.tensor(known, dtype=torch.float64)


def source_of(features: FeatureMap, history: History, measure: str) -> Source:
    """Returns a device as a source for one measure; where it is none, with the reason.

    Features are those of the new device's input, whatever the source's models read: a source says how costs of
    candidates compare, and the new device's own rows say what that means there.
    """
    values = history.values(measure)
    provenance = commonest(values.values())
    told = None if provenance is None else provenance.value
    if len(values) < FEWEST_ROWS:
        fault = f"it has {len(values)} values of this measure (at least {FEWEST_ROWS} are needed)"
        return Source(history, None, len(values), told, fault if values else "it has no values of this measure")
    try:
        device = SourceDevice.fit(history.name, *tensors_of(features, history, values))
    except SurrogateError as error:
        return Source(history, None, len(values), told, str(error))
    return Source(history, device, len(values), told)


def trusted(sources: Sequence[Source]) -> list[SourceDevice]:
    """Returns the sources whose measurements agree with themselves."""
    devices = [source.device for source in sources if source.device is not None]
    consistencies = [device.consistency_of(0) for device in devices]
    return [
        device
        for device, consistency in zip(devices, consistencies, strict=True)
        if consistency is not None and consistency.fault is None
    ]


def source_weights(surrogate: TransferSurrogate, x: Tensor) -> list[float]:
    """Returns by how many percent the prediction moves where a source's answers move by one, for each source.

    The mean over `x: n x d`. A source that is not used has 0; together they are about 1 where the device's own rows
    leave the answer to the sources.
    """
    shifts = torch.zeros(len(surrogate.sources), dtype=torch.float64, requires_grad=True)
    moved = copy.copy(surrogate)
    moved.sources = tuple(
        _Shifted(**{field.name: getattr(source, field.name) for field in dataclasses.fields(source)}, shift=shift)
        for source, shift in zip(surrogate.sources, shifts.unbind(), strict=True)
    )
    median = log_belief(moved.predict(x))[0].mean()
    if not median.requires_grad:
        return [0.0] * len(shifts)
    (weights,) = torch.autograd.grad(median, shifts)
    return [float(weight) for weight in weights]


@dataclass(frozen=True)
class _Shifted(SourceDevice):
    """A source whose answers are all moved by `shift`, a scalar on the log scale."""

    shift: Tensor

    def answers(self, x: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        return {output: (median + self.shift, variance) for output, (median, variance) in super().answers(x).items()}
