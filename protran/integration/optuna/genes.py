"""The genes of a design space as parameters of Optuna, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.trial import BaseTrial

from protran.benchmark.methods.gene_choices import Gene, genes_of_space
from protran.integration.optuna.axes import Array
from search_spaces.candidate import Candidate
from search_spaces.encoding import Encoding
from search_spaces.space import DesignSpace


class GeneParameters:
    """The genes of a space, each the number of a choice from 0; those without a choice are left out.

    Attributes:
        genes: with the names of the parameters.
        encoding: of the space; gene number i of n lies at i / (n - 1) of its coordinate.
    """

    def __init__(self, space: DesignSpace) -> None:
        self.genes: tuple[Gene, ...] = genes_of_space(space)
        self.encoding = Encoding(space)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """The parameters by name."""
        return {gene.name: IntDistribution(0, gene.count - 1) for gene in self.genes}

    def of_candidate(self, candidate: Candidate) -> dict[str, int]:
        """Returns the values of a candidate; those of layers that it lacks are 0.

        Shares of head kinds are rounded to twelfths, so that a few candidates of spaces with many heads share values.

        Raises:
            SpaceError: the candidate is not in the space.
        """
        point = self.encoding.encode(candidate)
        return {gene.name: round(float(point[gene.coordinate]) * (gene.count - 1)) for gene in self.genes}

    def point(self, values: dict[str, int]) -> Array:
        """Returns the point of the encoding that the values say; it may be none of a candidate's own."""
        point: Array = np.zeros(self.encoding.dimension)
        for gene in self.genes:
            point[gene.coordinate] = values[gene.name] / (gene.count - 1)
        return point


def suggest_candidate(trial: BaseTrial, space: DesignSpace) -> Candidate:
    """Returns the candidate that a trial proposes: each gene of `space` is asked for, the nearest valid one is taken.

    Args:
        trial: of any study and sampler; `ProTranSampler(space=…, input_spec=…)` sees what the genes cost.
        space: where candidates come from.
    """
    parameters = GeneParameters(space)
    asked: dict[str, Any] = {gene.name: trial.suggest_int(gene.name, 0, gene.count - 1) for gene in parameters.genes}
    return parameters.encoding.decode(parameters.point(asked))
