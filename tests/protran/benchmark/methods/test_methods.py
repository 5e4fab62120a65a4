"""What holds of every method."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from protran.benchmark.methods.base import Method
from protran.benchmark.methods.registry import METHODS, check_methods
from protran.benchmark.pool import PooledTable
from protran.errors import InputError

OPTUNA = ("nsga2", "tpe", "gp")
HAS_OPTUNA = importlib.util.find_spec("optuna") is not None
NEEDS_OPTUNA = pytest.mark.skipif(not HAS_OPTUNA, reason="Optuna is not installed")
DEAR = ("qlognehvi", "boshnas")
LONG = (pytest.mark.slow, pytest.mark.no_cover)  # others run the same lines; counting takes longer
LEARNING = [pytest.param(name, marks=pytest.mark.slow if name in DEAR else ()) for name in ("protran", *DEAR)]
EACH = [
    *(name for name in METHODS if name not in (*OPTUNA, *DEAR)),
    *(pytest.param(name, marks=(NEEDS_OPTUNA, *(LONG if name == "gp" else ()))) for name in OPTUNA),
    *(pytest.param(name, marks=LONG) for name in DEAR),
]
ROWS = 18
"""More than any method starts with, so that what it learns is asked too."""


@pytest.fixture
def table(table: PooledTable) -> PooledTable:
    """Two of its objectives: what holds of a method does not hang on their number, but its seconds do."""
    pool = replace(table.pool, objectives=table.pool.objectives[:2])
    return replace(table, pool=pool, observed=table.observed[:, :2], smooth=table.smooth[:, :2])


def search(table: PooledTable, method: Method, evaluations: int = ROWS) -> list[int]:
    rows: list[int] = []
    while len(rows) < evaluations:
        asked = method.ask(min(method.batch, evaluations - len(rows)))
        method.tell(asked, table.observed[asked])
        rows += asked
    return rows


@pytest.mark.parametrize("name", EACH)
def test_only_rows_are_asked_for_and_none_twice(name: str, table: PooledTable) -> None:
    rows = search(table, METHODS[name](table.pool, 0))
    assert len(set(rows)) == ROWS
    assert set(rows) <= set(range(len(table.pool)))


@pytest.mark.parametrize("name", EACH)
def test_equal_seeds_ask_for_equal_rows(name: str, table: PooledTable) -> None:
    first, second = (search(table, METHODS[name](table.pool, 3)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", [name for name in METHODS if name not in OPTUNA])
def test_different_seeds_ask_for_different_rows(name: str, table: PooledTable) -> None:
    first, second = (search(table, METHODS[name](table.pool, seed), 8) for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("name", EACH)
def test_every_row_can_be_asked_for_at_once_but_no_more(name: str, table: PooledTable) -> None:
    method = METHODS[name](table.pool, 0)
    assert sorted(method.ask(len(table.pool))) == list(range(len(table.pool)))
    with pytest.raises(ValueError, match="at most 0 rows"):
        method.ask(1)


@pytest.mark.parametrize("name", LEARNING)
def test_methods_that_learn_are_moved_by_what_they_are_told(name: str, table: PooledTable) -> None:
    def rows(values: np.ndarray) -> list[int]:
        method = METHODS[name](table.pool, 0)
        asked = method.ask(16)
        method.tell(asked, values[asked])
        return method.ask(2)

    assert rows(table.observed) != rows(1.0 / table.observed)


def test_methods_are_known_by_name() -> None:
    assert check_methods(["random", "protran", "random"]) == ("random", "protran")
    for names in ([], ["annealing"]):
        with pytest.raises(InputError, match="expected methods among protran, random"):
            check_methods(names)


@pytest.mark.parametrize("name", ["protran", "qlognehvi"])
@pytest.mark.parametrize("count", [1, 5])
def test_methods_that_need_boxes_refuse_too_few_and_too_many_objectives(
    name: str, count: int, table: PooledTable
) -> None:
    pool = replace(table.pool, objectives=tuple(f"column{place}" for place in range(count)))
    with pytest.raises(InputError, match=f"2 to 4 objectives .* got {count}"):
        METHODS[name](pool, 0)
