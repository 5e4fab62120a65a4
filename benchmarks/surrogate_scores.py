"""Scores of surrogates on splits of tables: run once per split, kept in a file, so that a benchmark resumes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.row_file import read_rows, write_rows
from protran.evaluate.evaluation import Plan, evaluate
from protran.evaluate.splits import TrainSize
from protran.tables.measurement_table import MeasurementTable
from search_spaces.space import DesignSpace

TEST_FRACTION = 0.2
DIGITS = 6
NUMBERS = ("nmse", "mape", "coverage90", "width90")


@dataclass(frozen=True)
class Score:
    """How one model did on one measure of one split; `train` is a number of rows, or `1.0` for all of them."""

    table: str
    repeat: int
    model: str
    train: str
    measure: str
    nmse: float
    mape: float
    coverage90: float
    width90: float


Cells = dict[tuple[str, str, str, str], list[Score]]
"""Scores over splits, by table, model, training size and measure."""


def scores_of_split(
    table: MeasurementTable,
    space: DesignSpace,
    plans: Sequence[tuple[str, Sequence[str], Sequence[MeasurementTable]]],
    seed: int,
    repeat: int,
) -> Iterator[Score]:
    """Yields the scores on the split of `seed + repeat`.

    Args:
        table: the device.
        space: of its candidates.
        plans: model, training sizes and sources; one with sources is named `MODEL + sources`.
        seed: of the benchmark.
        repeat: number of the split.
    """
    for model, sizes, sources in plans:
        plan = Plan((model,), tuple(TrainSize.parse(size) for size in sizes), TEST_FRACTION, 1, seed + repeat)
        results = evaluate(table, space, plan, None, sources)
        names = dict(zip(dict.fromkeys(result.train for result in results), sizes, strict=True))
        for result in results:
            numbers = {name: result.samples[name][0] for name in NUMBERS}
            shown = f"{model} + sources" if sources else model
            yield Score(table.name, repeat, shown, names[result.train], result.target, **numbers)


def resumed(path: Path, splits: Sequence[tuple[str, int]], run: Callable[[str, int], Iterable[Score]]) -> list[Score]:
    """Returns the scores of all splits (table and repeat); those that the file has are not run again."""
    known = read_rows(Score, path)
    done = {(score.table, score.repeat) for score in known}
    for table, repeat in splits:
        if (table, repeat) not in done:
            known += run(table, repeat)
            write_rows(Score, known, path, DIGITS)
    return [score for score in known if (score.table, score.repeat) in set(splits)]


def cells(scores: Iterable[Score]) -> Cells:
    """Returns the scores by table, model, size and measure."""
    found: Cells = {}
    for score in scores:
        found.setdefault((score.table, score.model, score.train, score.measure), []).append(score)
    return found


def median(scores: Iterable[Score], number: str) -> float:
    """Returns the median of one number over splits."""
    return statistics.median(getattr(score, number) for score in scores)


def mean(scores: Iterable[Score], number: str) -> float:
    """Returns the mean of one number over splits."""
    return statistics.fmean(getattr(score, number) for score in scores)


def quartiles(scores: Iterable[Score], number: str) -> list[float]:
    """Returns the first and the third quartile of one number over splits."""
    return [float(value) for value in np.quantile([getattr(score, number) for score in scores], (0.25, 0.75))]
