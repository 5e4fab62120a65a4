"""Optuna's samplers, as they come, over the genes of the space."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

from protran.benchmark.methods.base import Method
from protran.benchmark.methods.gene_choices import genes_of_space, point_of
from protran.benchmark.pool import Pool
from protran.errors import InputError
from protran.optimize.seeds import child_seed
from protran.tables.measurement_table import Array
from search_spaces.encoding import Encoding


class OptunaMethod(Method):
    """Asks for the rows nearest to the trials of a study, which are told the rows' values.

    Raises:
        InputError: Optuna is not installed.
    """

    sampler: ClassVar[str]
    """Name of the class in `optuna.samplers`."""

    def __init__(self, pool: Pool, seed: int) -> None:
        super().__init__(pool, seed)
        optuna = _optuna()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # or each trial is a line on standard error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # samplers that call themselves experimental
            sampler = getattr(optuna.samplers, self.sampler)(seed=child_seed(seed, 0, self.sampler))
            self._study: Any = optuna.create_study(sampler=sampler, directions=["minimize"] * len(pool.objectives))
        self._encoding = Encoding(pool.space)
        self._genes = genes_of_space(pool.space)
        self._trials: list[Any] = []

    def ask(self, count: int) -> list[int]:
        """Returns the rows nearest to the next `count` trials."""
        self.open.check(count)
        self._trials = [self._study.ask() for _ in range(count)]
        rows = []
        for trial in self._trials:
            chosen = {gene.name: trial.suggest_int(gene.name, 0, gene.count - 1) for gene in self._genes}
            rows.append(self.open.snap(point_of(self._encoding, self._genes, chosen)))
        return rows

    def tell(self, rows: Sequence[int], values: Array) -> None:
        """Tells the trials the observed values `count x m` of the rows that stand for them."""
        for trial, value in zip(self._trials, values, strict=True):
            self._study.tell(trial, value.tolist())
        self._trials = []


class NonDominatedSorting(OptunaMethod):
    """NSGA-II. Source: Deb et al., IEEE Transactions on Evolutionary Computation 6(2), 2002."""

    sampler = "NSGAIISampler"


class ParzenEstimators(OptunaMethod):
    """Tree-structured Parzen estimators. Source: Ozaki et al., GECCO 2020, for many objectives."""

    sampler = "TPESampler"


class OptunaProcess(OptunaMethod):
    """Gaussian processes with expected hypervolume improvement."""

    sampler = "GPSampler"


def _optuna() -> Any:
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise InputError(
            "expected Optuna for the methods nsga2, tpe and gp, got none; pip install optuna, or leave them out"
        ) from error
