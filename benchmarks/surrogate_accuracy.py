"""How exact surrogates are with few rows of published tables, beside the original's trees on all of them.

    python -m benchmarks.surrogate_accuracy --tables FOLDER [--repeats 20] [--seed 0] [--results FOLDER]

`FOLDER` holds tables of encoders of the space flexibert-v2, `*.csv.gz`, as `protran surrogate evaluate` reads them. For
each random split, a fifth of the rows is held out; `auto`, `gp` and `trees` learn from 8, 16, 32 and all of the others,
seeing counted costs; the published surrogate, AdaBoost of 500 decision trees, learns from 8, 16 and all of them, seeing
the 37 numbers that the original used. Reported are ratios: the median over splits of the model's squared error over
that of the published surrogate, trained on all rows or on as many; and their geometric mean over tables.

An interrupted benchmark resumes: splits that the table of results has are not run again. Delete it after a change.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import platform
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from device_agents.environment import machine_facts
from protran.evaluate.evaluation import Plan, evaluate
from protran.evaluate.splits import TrainSize, draw_split
from protran.tables.measurement_table import MeasurementTable
from protran.tables.reading import read_table
from search_spaces.published_embedding import embed
from search_spaces.space import DesignSpace, load_space
from surrogates.published_trees import PublishedTrees

RESULTS = Path(__file__).parent / "results"
SPACE = "flexibert-v2"
MODELS, PUBLISHED = ("auto", "gp", "trees"), "published"
SIZES, PUBLISHED_SIZES, ALL = ("8", "16", "32", "1.0"), ("8", "16", "1.0"), "1.0"
TEST_FRACTION = 0.2


@dataclass(frozen=True)
class Score:
    """How one model did on one measure of one split; `train` is a number of rows, or `1.0` for all of them."""

    table: str
    repeat: int
    model: str
    train: str
    measure: str
    nmse: float


Scores = dict[tuple[str, str, str, str], list[float]]
"""Squared errors over splits, by table, model, training size and measure."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, path = load_space(SPACE), arguments.results / "surrogate_accuracy.csv"
    tables = [read_table(file, space) for file in sorted(arguments.tables.glob("*.csv.gz"))]
    tables = [table for table in tables if len(table.candidates) * (1 - TEST_FRACTION) >= int(SIZES[-2])]
    known = read(path)
    done = {(score.table, score.repeat) for score in known}
    for repeat in range(arguments.repeats):
        for table in tables:
            if (table.name, repeat) not in done:
                known += run(table, space, arguments.seed, repeat)
                write(known, path)
                print(f"{table.name}, split {repeat + 1}", file=sys.stderr, flush=True)
    summary = summarise(known)
    write_summary(summary, arguments, path.with_suffix(".json"))
    print(as_markdown(summary, arguments.repeats, arguments.seed))


def run(table: MeasurementTable, space: DesignSpace, seed: int, repeat: int) -> list[Score]:
    """Returns the scores of all models on one split; each split has a seed of its own."""
    own = seed + repeat
    plan = Plan(MODELS, tuple(TrainSize.parse(size) for size in SIZES), TEST_FRACTION, 1, own)
    results = evaluate(table, space, plan)
    names = dict(zip(dict.fromkeys(result.train for result in results), SIZES, strict=True))
    ours = [
        Score(table.name, repeat, result.model, names[result.train], result.target, result.samples["nmse"][0])
        for result in results
    ]
    return [*ours, *published(table, own, repeat)]


def published(table: MeasurementTable, seed: int, repeat: int) -> Iterator[Score]:
    """Yields the scores of the published surrogate on the split that `evaluate` draws for this seed."""
    split = draw_split(len(table.candidates), TEST_FRACTION, seed, 0)
    x = torch.tensor([embed(candidate.architecture) for candidate in table.candidates], dtype=torch.float64)
    y, largest = torch.as_tensor(table.values), np.nanmax(table.values, axis=0)
    for size in PUBLISHED_SIZES:
        train = split.train[: TrainSize.parse(size).rows(len(split.train))]
        surrogate = PublishedTrees(seed=seed)
        surrogate.fit(x[train], y[train])
        errors = (surrogate.predict(x[split.test]).mean - y[split.test]).square().nanmean(0).numpy() / largest**2
        for measure, error in zip(table.targets, errors, strict=True):
            yield Score(table.name, repeat, PUBLISHED, size, measure, float(error))


def read(path: Path) -> list[Score]:
    """Returns the scores of an earlier run."""
    if not path.exists():
        return []
    kinds = {"repeat": int, "nmse": float}
    with path.open(newline="", encoding="utf-8") as file:
        return [Score(**{k: kinds.get(k, str)(v) for k, v in row.items()}) for row in csv.DictReader(file)]


def write(scores: list[Score], path: Path) -> None:
    """Writes the scores whole or not at all: a benchmark that is stopped keeps its table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Score)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(score) for score in scores)
    partial.replace(path)


def summarise(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Returns one entry per model, training size and measure: ratios by table and their geometric means."""
    cells: Scores = {}
    for score in scores:
        cells.setdefault((score.table, score.model, score.train, score.measure), []).append(score.nmse)
    tables = list(dict.fromkeys(table for table, *_ in cells))
    kinds = dict.fromkeys((model, train, measure) for _, model, train, measure in cells)
    return [
        {
            "model": model,
            "train": train,
            "measure": measure,
            "median_nmse": {table: statistics.median(cells[table, model, train, measure]) for table in tables},
            "quartiles_nmse": {
                table: np.quantile(cells[table, model, train, measure], (0.25, 0.75)).tolist() for table in tables
            },
            "to_published_on_all": _ratio(cells, tables, model, train, measure, ALL),
            "to_published_on_as_many": (
                _ratio(cells, tables, model, train, measure, train) if train in PUBLISHED_SIZES else None
            ),
        }
        for model, train, measure in kinds
    ]


def _ratio(cells: Scores, tables: list[str], model: str, train: str, measure: str, size: str) -> dict[str, float]:
    """Returns the ratio of medians over splits by table, and `geometric_mean` over tables."""
    ratios = {
        table: statistics.median(cells[table, model, train, measure])
        / statistics.median(cells[table, PUBLISHED, size, measure])
        for table in tables
    }
    return {**ratios, "geometric_mean": math.exp(statistics.fmean(math.log(ratio) for ratio in ratios.values()))}


def write_summary(summary: list[dict[str, Any]], arguments: argparse.Namespace, path: Path) -> None:
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.surrogate_accuracy --repeats {arguments.repeats} --seed {arguments.seed}"
    content = {"command": command, "machine": facts, "summary": summary}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def as_markdown(summary: list[dict[str, Any]], repeats: int, seed: int) -> str:
    """Returns the geometric means over tables in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {repeats} splits, seeds {seed} to "
        f"{seed + repeats - 1}. Ratios of median squared errors to the published surrogate's, geometric mean over "
        f"tables.",
        "",
        "| model | rows | measure | published on all rows | published on as many | by table |",
        "|---|---|---|---|---|---|",
    ]
    for entry in summary:
        whole, same = entry["to_published_on_all"], entry["to_published_on_as_many"]
        beside = "" if same is None else f"{same['geometric_mean']:.2f}"
        tables = ", ".join(f"{name} {ratio:.2f}" for name, ratio in whole.items() if name != "geometric_mean")
        rows = "all" if entry["train"] == ALL else entry["train"]
        lines.append(
            f"| {entry['model']} | {rows} | {entry['measure']} | {whole['geometric_mean']:.2f} | {beside} | {tables} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
