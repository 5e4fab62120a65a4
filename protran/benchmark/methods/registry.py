"""The methods that can be compared, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protran.benchmark.methods.base import Method
from protran.benchmark.methods.boshnas import BoshnasSearch
from protran.benchmark.methods.optuna_samplers import NonDominatedSorting, OptunaProcess, ParzenEstimators
from protran.benchmark.methods.protran import ProTranSearch
from protran.benchmark.methods.random_rows import RandomRows
from protran.benchmark.methods.sobol import SobolRows
from protran.benchmark.methods.stock_botorch import StockBoTorch
from protran.errors import InputError

METHODS: Mapping[str, type[Method]] = {
    "protran": ProTranSearch,
    "random": RandomRows,
    "sobol": SobolRows,
    "nsga2": NonDominatedSorting,
    "tpe": ParzenEstimators,
    "gp": OptunaProcess,
    "qlognehvi": StockBoTorch,
    "boshnas": BoshnasSearch,
}


def check_methods(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names, each once.

    Raises:
        InputError: there is none, or one is unknown.
    """
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise InputError(f"expected methods among {', '.join(METHODS)}, got {unknown[0] if unknown else 'none'!r}")
    return tuple(dict.fromkeys(names))
