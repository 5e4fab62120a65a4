"""Scores of surrogates on splits of tables: run once per split, kept in a file, so that a benchmark resumes."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from protran.evaluate.evaluation import Plan, evaluate
from protran.evaluate.splits import TrainSize
from protran.tables.measurement_table import MeasurementTable
from search_spaces.space import DesignSpace

TEST_FRACTION = 0.2
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
    known = read(path)
    done = {(score.table, score.repeat) for score in known}
    for table, repeat in splits:
        if (table, repeat) not in done:
            known += run(table, repeat)
            write(known, path)
    return [score for score in known if (score.table, score.repeat) in set(splits)]


def read(path: Path) -> list[Score]:
    """Returns the scores of an earlier run."""
    if not path.exists():
        return []
    kinds: dict[str, Callable[[str], float]] = {"repeat": int, **dict.fromkeys(NUMBERS, float)}
    with path.open(newline="", encoding="utf-8") as file:
        return [Score(**{k: kinds.get(k, str)(v) for k, v in row.items()}) for row in csv.DictReader(file)]


def write(scores: Iterable[Score], path: Path) -> None:
    """Writes the scores whole or not at all: a benchmark that is stopped keeps its table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Score)], lineterminator="\n")
        writer.writeheader()
        for score in scores:
            row = asdict(score)
            writer.writerow(row | {name: f"{row[name]:.6g}" for name in NUMBERS})
    partial.replace(path)


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
