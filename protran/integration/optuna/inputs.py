"""What the beliefs see of a point of the cube: its coordinates, and of genes also what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from protran.features import FAINT_HARDWARE_COLUMNS, FeatureMap
from protran.integration.optuna.axes import Array
from protran.integration.optuna.cube import ParameterCube
from protran.integration.optuna.genes import GeneParameters
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace


@dataclass(frozen=True)
class View:
    """One way to see the rows of inputs.

    Attributes:
        columns: places in a row.
        faint: which of these columns are expected to say little.
    """

    columns: list[int]
    faint: tuple[int, ...] = ()


class Inputs:
    """The coordinates themselves."""

    def __init__(self, cube: ParameterCube) -> None:
        self._cube = cube

    @property
    def views(self) -> tuple[View, ...]:
        """Ways to see a row, one or more; which one predicts best is found out for each objective."""
        return (View(list(range(self._cube.dimension))),)

    def of_points(self, points: Array) -> Tensor:
        """Returns the rows of valid points `n x d`."""
        return torch.as_tensor(points)

    def of_relaxed(self, z: Tensor) -> Tensor:
        """Returns the rows at `z: n x d` anywhere in the cube, with gradients."""
        return z

    def keys(self, points: Array) -> list[str]:
        """Returns a key for each valid point; points with equal keys are the same to the objective."""
        return [np.round(point, 9).tobytes().hex() for point in points]


class GeneInputs(Inputs):
    """The coordinates of genes, and the counted physics of the candidates that they make.

    Args:
        cube: has a parameter for each gene of the space (see `covers`), and maybe others.
        space: where candidates come from.
        input_spec: what the model reads and predicts.
    """

    def __init__(self, cube: ParameterCube, space: DesignSpace, input_spec: InputSpec) -> None:
        super().__init__(cube)
        self._features = FeatureMap(space, input_spec)
        genes = GeneParameters(space).genes
        self._from = [cube.first_column(gene.name) for gene in genes]
        self._to = [gene.coordinate for gene in genes]
        self._others = [column for column in range(cube.dimension) if column not in self._from]

    @staticmethod
    def covers(cube: ParameterCube, space: DesignSpace) -> bool:
        """Returns whether all genes of the space are parameters, with as many choices."""
        return GeneParameters(space).distributions.items() <= cube.search_space.items()

    @property
    def views(self) -> tuple[View, ...]:
        """The coordinates; or what hardware costs depend on; or what task scores depend on; with other parameters."""
        features = self._features
        hardware, scores = (
            [self._cube.dimension + column for column in features.columns(names)]
            for names in (features.hardware_names, features.score_names)
        )
        faint = tuple(FAINT_HARDWARE_COLUMNS)
        return (*super().views, View([*hardware, *self._others], faint), View([*scores, *self._others]))

    def of_points(self, points: Array) -> Tensor:
        """Returns the rows of valid points `n x d`."""
        if not len(points):
            return torch.zeros(0, self._cube.dimension + self._features.dimension, dtype=torch.float64)
        return torch.cat([torch.as_tensor(points), self._features.of_candidates(self._candidates(points))], dim=-1)

    def of_relaxed(self, z: Tensor) -> Tensor:
        """Returns the rows at `z: n x d` anywhere in the cube, with gradients."""
        encoded = z.new_zeros(len(z), self._features.encoding.dimension)
        encoded = encoded.index_copy(1, torch.tensor(self._to), z[:, self._from])
        return torch.cat([z, self._features.of_relaxed(encoded)], dim=-1)

    def keys(self, points: Array) -> list[str]:
        """Returns the candidates' keys, and the other parameters."""
        others = [np.round(point[self._others], 9).tobytes().hex() for point in points]
        return [f"{candidate.key} {rest}" for candidate, rest in zip(self._candidates(points), others, strict=True)]

    def _candidates(self, points: Array) -> list[Candidate]:
        encoded = np.zeros((len(points), self._features.encoding.dimension))
        encoded[:, self._to] = points[:, self._from]
        return self._features.encoding.decode_many(encoded)
