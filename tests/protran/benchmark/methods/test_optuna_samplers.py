"""The adapter on a recorded study; with Optuna installed, `test_methods.py` asks the real samplers too."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from protran.benchmark.methods.optuna_samplers import NonDominatedSorting
from protran.benchmark.pool import PooledTable
from protran.errors import InputError


class Trial:
    def suggest_int(self, name: str, low: int, high: int) -> int:
        assert low == 0 < high
        return high


class Study:
    def __init__(self) -> None:
        self.told: list[tuple[Trial, list[float]]] = []

    def ask(self) -> Trial:
        return Trial()

    def tell(self, trial: Trial, values: list[float]) -> None:
        self.told.append((trial, values))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the adapter asks of a stand-in for Optuna."""
    seen = SimpleNamespace(study=Study(), seeds=[], directions=[])

    def create_study(sampler: object, directions: list[str]) -> Study:
        seen.directions = directions
        return seen.study

    def sampler_of(seed: int) -> None:
        seen.seeds.append(seed)

    module = SimpleNamespace(
        create_study=create_study,
        samplers=SimpleNamespace(NSGAIISampler=sampler_of),
        logging=SimpleNamespace(WARNING=30, set_verbosity=lambda level: None),
    )
    monkeypatch.setitem(sys.modules, "optuna", module)
    return seen


def test_all_objectives_are_minimised_and_seeds_differ(asked: SimpleNamespace, table: PooledTable) -> None:
    for seed in (0, 1):
        NonDominatedSorting(table.pool, seed)
    assert asked.directions == ["minimize"] * 4
    assert len(set(asked.seeds)) == 2


def test_a_trial_stands_for_the_nearest_row_and_is_told_its_values(asked: SimpleNamespace, table: PooledTable) -> None:
    method = NonDominatedSorting(table.pool, 0)
    rows = method.ask(2)
    method.tell(rows, table.observed[rows])
    largest = [sum(layer.hidden for layer in table.pool.candidates[row].architecture.layers) for row in rows]
    assert largest == [12 * 768] * 2
    np.testing.assert_array_equal([values for _, values in asked.study.told], table.observed[rows])


def test_without_optuna_the_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, table: PooledTable) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="pip install optuna, or leave them out"):
        NonDominatedSorting(table.pool, 0)
