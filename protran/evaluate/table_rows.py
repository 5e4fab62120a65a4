"""A table of measurements as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from protran.errors import InputError
from protran.features import FeatureMap
from protran.tables.measurement_table import MeasurementTable
from search_spaces.candidate import Family
from search_spaces.errors import SpaceError
from search_spaces.presets import BERT_INPUT, GPT_INPUT
from search_spaces.published_embedding import embed
from search_spaces.space import DesignSpace

INPUTS = {Family.ENCODER: BERT_INPUT, Family.DECODER: GPT_INPUT}
"""What the models of the published tables read: 128 tokens and two classes (SST-2), or text of 1024 tokens."""

Tensors = tuple[Tensor, Tensor, Tensor]


def tensors(table: MeasurementTable, space: DesignSpace) -> Tensors:
    """Returns features `n x d`, values `n x m` and their variances `n x m`."""
    features = FeatureMap(space, INPUTS[space.family])
    x = features.of_candidates(table.candidates)[:, features.columns(features.hardware_names)]
    return x, torch.as_tensor(table.values), torch.as_tensor(table.variances)


@dataclass(frozen=True)
class TableRows:
    """The table as tensors: features `n x d`, values `n x m`, variances `n x m`, and each target's maximum `m`.

    `embedding: n x 37` has the whole numbers by which ProTran's authors name the architectures; None if not asked for.
    """

    x: Tensor
    y: Tensor
    y_var: Tensor
    largest: Tensor
    embedding: Tensor | None

    @classmethod
    def of(cls, table: MeasurementTable, space: DesignSpace, *, embedded: bool = False) -> TableRows:
        """Returns the rows of candidates in `space`.

        Raises:
            InputError: a target has no values, or an architecture has no embedding and one is asked for.
        """
        for name, column in zip(table.targets, table.values.T, strict=True):
            if np.isnan(column).all():
                raise InputError(
                    f"{table.name}: expected values in the column {name!r}, got none; choose other targets"
                )
        largest = torch.as_tensor(np.nanmax(table.values, axis=0))
        return cls(*tensors(table, space), largest, _embedding(table) if embedded else None)


def _embedding(table: MeasurementTable) -> Tensor:
    try:
        rows = [embed(candidate.architecture) for candidate in table.candidates]
    except SpaceError as error:
        raise InputError(f"{table.name}: {error}; or leave out the model published") from error
    return torch.tensor(rows, dtype=torch.float64)
