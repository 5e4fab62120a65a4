"""Runs methods on a table, seed by seed, and sums up what their rows are worth."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from protran.benchmark.judge import Judge
from protran.benchmark.methods.registry import METHODS
from protran.benchmark.pool import PooledTable
from protran.errors import InputError


@dataclass(frozen=True)
class Run:
    """One method with one seed.

    Attributes:
        method: its name.
        seed: of all that it drew.
        rows: numbers of the rows of the pool, in the order of their evaluation.
        search_s: seconds of search up to each row, the table's own time left out.
        curve: fraction of the table's hypervolume after each row.
    """

    method: str
    seed: int
    rows: tuple[int, ...]
    search_s: tuple[float, ...]
    curve: tuple[float, ...]


@dataclass(frozen=True)
class Result:
    """What the runs of a method held after so many evaluations; see `to_json`."""

    method: str
    evaluations: int
    fractions: tuple[float, ...]
    search_s: float

    @property
    def mean(self) -> float:
        """Mean fraction of the table's hypervolume over the seeds."""
        return statistics.fmean(self.fractions)

    @property
    def deviation(self) -> float:
        """Standard deviation of the fraction over the seeds, of a sample; 0 of one seed."""
        return statistics.stdev(self.fractions) if len(self.fractions) > 1 else 0.0

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"method", "evaluations", "seeds", "hv_fraction": {"mean", "std"}, "search_s"}``."""
        return {
            "method": self.method,
            "evaluations": self.evaluations,
            "seeds": len(self.fractions),
            "hv_fraction": {"mean": self.mean, "std": self.deviation},
            "search_s": self.search_s,
        }


def run_method(
    table: PooledTable,
    judge: Judge,
    name: str,
    seed: int,
    evaluations: int,
    on_rows: Callable[[int], None] | None = None,
) -> Run:
    """Returns one run; equal arguments give equal rows.

    Args:
        table: answers what is asked.
        judge: of the same table.
        name: of the method, one of `METHODS`.
        seed: of the method.
        evaluations: how many rows are asked for, in batches of the size that the method likes.
        on_rows: is told how many rows came in, each time.
    """
    rows: list[int] = []
    seconds: list[float] = []
    begun = time.perf_counter()
    method = METHODS[name](table.pool, seed)
    spent = time.perf_counter() - begun
    while len(rows) < evaluations:
        begun = time.perf_counter()
        asked = method.ask(min(method.batch, evaluations - len(rows)))
        method.tell(asked, table.observed[asked])
        spent += time.perf_counter() - begun
        rows += asked
        seconds += [spent] * len(asked)
        if on_rows is not None:
            on_rows(len(asked))
    return Run(name, seed, tuple(rows), tuple(seconds), tuple(judge.curve(rows).tolist()))


class Keeper(Protocol):
    """Where runs are kept."""

    def read(self, judge: Judge) -> dict[tuple[str, int], Run]:
        """Returns the runs that are there, by method and seed."""

    def keep(self, run: Run) -> None:
        """Keeps a run."""


def compare(
    table: PooledTable,
    judge: Judge,
    methods: Sequence[str],
    seeds: Sequence[int],
    evaluations: int,
    *,
    keeper: Keeper | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> list[Run]:
    """Returns a run per method and seed, of `evaluations` rows or more; runs that the keeper has are not repeated."""
    there = keeper.read(judge) if keeper is not None else {}
    runs = []
    for name in methods:
        for seed in seeds:
            run = there.get((name, seed))
            if run is None or len(run.rows) < evaluations:
                run = run_method(table, judge, name, seed, evaluations, on_rows)
                if keeper is not None:
                    keeper.keep(run)
            elif on_rows is not None:
                on_rows(evaluations)
            runs.append(run)
    return runs


def check_evaluations(evaluations: Sequence[int], table: PooledTable) -> tuple[int, ...]:
    """Returns the numbers of evaluations in rising order, each once.

    Raises:
        InputError: there is none, or one is not from 1 to the number of the table's rows.
    """
    numbers = tuple(sorted(set(evaluations)))
    if not numbers or numbers[0] < 1 or numbers[-1] > len(table.pool):
        raise InputError(
            f"expected numbers of evaluations from 1 to {len(table.pool)}, the rows of {table.name}, got "
            f"{','.join(map(str, evaluations)) or 'none'}; change --evaluations"
        )
    return numbers


def results(runs: Sequence[Run], evaluations: Sequence[int]) -> list[Result]:
    """Returns a result per method and number of evaluations, in the order of the runs."""
    return [
        Result(method, number, tuple(run.curve[number - 1] for run in own), _seconds(own, number))
        for method, own in _by_method(runs)
        for number in evaluations
    ]


def document(table: PooledTable, found: Sequence[Result]) -> dict[str, Any]:
    """Returns ``{"table", "objectives", "results": […]}``; `search_s` are mean seconds over the seeds."""
    return {
        "table": table.name,
        "objectives": list(table.pool.objectives),
        "results": [result.to_json() for result in found],
    }


def _by_method(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run]]]:
    for method in dict.fromkeys(run.method for run in runs):
        yield method, [run for run in runs if run.method == method]


def _seconds(runs: Sequence[Run], number: int) -> float:
    return statistics.fmean(run.search_s[number - 1] for run in runs)
