"""Tables of other devices as sources for the evaluated one, and what was made of each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from protran.errors import InputError
from protran.evaluate.summary import Summary
from protran.evaluate.table_rows import Tensors
from protran.tables.measurement_table import Array, MeasurementTable
from surrogates.errors import SurrogateError
from surrogates.transfer import TransferSurrogate
from surrogates.transfer_screen import Dropped
from surrogates.transfer_source import SourceDevice


@dataclass(frozen=True)
class SourceUse:
    """What one fit made of the sources, for one target.

    Attributes:
        used: names of those that it asked.
        dropped: the others.
    """

    used: tuple[str, ...]
    dropped: tuple[Dropped, ...]

    @classmethod
    def of(cls, surrogate: TransferSurrogate, output: int) -> SourceUse:
        """Returns what a fitted surrogate made of its sources for an output."""
        return cls(surrogate.sources_of(output), tuple(entry for entry in surrogate.dropped if entry.output == output))


@dataclass(frozen=True)
class SourceSummary:
    """One source over all splits in which sources were asked, for one target, model and size.

    Attributes:
        source: its name.
        dropped_share: in which share of the splits it was not used.
        reasons: why, and how often.
        score: of the rank correlations that spoke against it.
    """

    source: str
    dropped_share: float
    reasons: Counter[str]
    score: Summary

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"source", "dropped_share", "reasons": [{"reason", "splits"}], "score"}``, commonest first."""
        reasons = [{"reason": reason, "splits": splits} for reason, splits in self.reasons.most_common()]
        return {
            "source": self.source,
            "dropped_share": self.dropped_share,
            "reasons": reasons,
            "score": self.score.to_json(),
        }


def summaries(uses: Sequence[SourceUse]) -> list[SourceSummary]:
    """Returns what was made of each source, in the order of their first appearance."""
    found = []
    for name in dict.fromkeys(name for use in uses for name in (*use.used, *(out.source for out in use.dropped))):
        dropped = [entry for use in uses for entry in use.dropped if entry.source == name]
        scores = [entry.score for entry in dropped if entry.score is not None]
        reasons = Counter(entry.reason for entry in dropped)
        found.append(SourceSummary(name, len(dropped) / len(uses), reasons, Summary.of(scores)))
    return sorted(found, key=lambda summary: summary.source)


def check_sources(table: MeasurementTable, sources: Sequence[MeasurementTable]) -> None:
    """Checks that each source is another device.

    Raises:
        InputError: a source has the measurements of the evaluated table, or two sources have one name.
    """
    for source in sources:
        if _same(table, source):
            raise InputError(
                f"expected sources of other devices, got {source.name}, which is the evaluated table {table.name} "
                f"itself; leave it out of --sources"
            )
    twice = [name for name, times in Counter(source.name for source in sources).items() if times > 1]
    if twice:
        raise InputError(f"expected each source once, got two of the name {twice[0]!r}; leave one out or rename it")


def fit_sources(
    sources: Sequence[MeasurementTable], targets: Sequence[str], tensors: Callable[[MeasurementTable], Tensors]
) -> tuple[SourceDevice, ...]:
    """Returns the sources with surrogates of their own, their outputs in the order of `targets`.

    Args:
        sources: tables; one may lack targets.
        targets: of the evaluated table.
        tensors: gives features, values and variances of a table.

    Raises:
        InputError: a surrogate cannot be fitted to a source.
    """
    return tuple(_fit_source(source, targets, *tensors(source)) for source in sources)


def _fit_source(source: MeasurementTable, targets: Sequence[str], x: Tensor, y: Tensor, y_var: Tensor) -> SourceDevice:
    missing = torch.full_like(y[:, :1], torch.nan)
    places = [source.targets.index(target) if target in source.targets else None for target in targets]
    columns = [(missing, missing) if i is None else (y[:, [i]], y_var[:, [i]]) for i in places]
    values, variances = (torch.cat(parts, dim=-1) for parts in zip(*columns, strict=True))
    try:
        return SourceDevice.fit(source.name, x, values, variances)
    except SurrogateError as error:
        raise InputError(f"{source.name}: {error}") from error


def _same(table: MeasurementTable, source: MeasurementTable) -> bool:
    """Returns whether both have the same values of the same candidates in the targets that both have, in any order."""
    shared = [target for target in table.targets if target in source.targets]
    if len(table.candidates) != len(source.candidates) or not shared:
        return False
    one, other = (each.values[:, [each.targets.index(target) for target in shared]] for each in (table, source))
    if not np.array_equal(np.sort(one, axis=0), np.sort(other, axis=0), equal_nan=True):
        return False  # before any key is computed: tables are long
    return _rows_by_key(table, one) == _rows_by_key(source, other)


def _rows_by_key(table: MeasurementTable, values: Array) -> Counter[tuple[str, bytes]]:
    """Returns each candidate's key with its values, and how often they are there."""
    return Counter((candidate.key, row.tobytes()) for candidate, row in zip(table.candidates, values, strict=True))
