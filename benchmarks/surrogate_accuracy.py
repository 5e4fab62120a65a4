"""How exact surrogates are with few rows of published tables, beside the original's trees on all of them.

    python -m benchmarks.surrogate_accuracy --tables FOLDER [--repeats 20] [--seed 0] [--results FOLDER]

`FOLDER` holds tables of encoders of the space flexibert-v2, `*.csv.gz`, as `protran surrogate evaluate` reads them. For
each random split, a fifth of the rows is held out; `auto`, `gp` and `trees` learn from 8, 16, 32 and all of the others,
seeing counted costs; the published surrogate, AdaBoost of 500 decision trees, learns from 8, 16 and all of them, seeing
the 37 numbers that the original used. `auto + sources` also has the other tables. Reported are ratios: the median over
splits of the model's squared error over that of the published surrogate, trained on all rows or on as many; and their
geometric mean over tables; and the share of the measurements that 90 % intervals hold.

An interrupted benchmark resumes: splits that the table of results has are not run again. Delete it after a change.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from benchmarks.surrogate_scores import Cells, Score, cells, mean, median, quartiles, resumed, scores_of_split
from device_agents.environment import machine_facts
from protran.tables.reading import read_table
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
SPACE = "flexibert-v2"
SIZES, PUBLISHED_SIZES, ALL = ("8", "16", "32", "1.0"), ("8", "16", "1.0"), "1.0"
PUBLISHED = "published"
FEWEST_ROWS = 100
"""A table of fewer rows is a source, and too small to judge on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, path = load_space(SPACE), arguments.results / "surrogate_accuracy.csv"
    tables = {table.name: table for table in (read_table(f, space) for f in sorted(arguments.tables.glob("*.csv.gz")))}
    judged = [name for name, table in tables.items() if len(table.candidates) >= FEWEST_ROWS]

    def run(name: str, repeat: int) -> Iterable[Score]:
        others = [table for table in tables.values() if table.name != name]
        plans = [
            *((model, SIZES, ()) for model in ("auto", "gp", "trees")),
            ("auto", SIZES, others),
            (PUBLISHED, PUBLISHED_SIZES, ()),
        ]
        return scores_of_split(tables[name], space, plans, arguments.seed, repeat)

    splits = [(name, repeat) for repeat in range(arguments.repeats) for name in judged]
    summary = summarise(resumed(path, splits, run))
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.surrogate_accuracy --repeats {arguments.repeats} --seed {arguments.seed}"
    content = {"command": command, "machine": facts, "summary": summary}
    path.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(as_markdown(summary, arguments.repeats, arguments.seed))


def summarise(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Returns one entry per model, training size and measure: ratios by table, their geometric means, coverage."""
    found = cells(scores)
    tables = list(dict.fromkeys(table for table, *_ in found))
    kinds = dict.fromkeys((model, train, measure) for _, model, train, measure in found)
    return [
        {
            "model": model,
            "train": train,
            "measure": measure,
            "median_nmse": {table: median(found[table, model, train, measure], "nmse") for table in tables},
            "quartiles_nmse": {table: quartiles(found[table, model, train, measure], "nmse") for table in tables},
            "mean_coverage90": {table: mean(found[table, model, train, measure], "coverage90") for table in tables},
            "to_published_on_all": _ratio(found, tables, (model, train, measure), ALL),
            "to_published_on_as_many": (
                _ratio(found, tables, (model, train, measure), train) if train in PUBLISHED_SIZES else None
            ),
        }
        for model, train, measure in kinds
    ]


def _ratio(found: Cells, tables: list[str], kind: tuple[str, str, str], size: str) -> dict[str, float]:
    """Returns the ratio of medians over splits by table, and `geometric_mean` over tables."""
    ratios = {
        table: median(found[(table, *kind)], "nmse") / median(found[table, PUBLISHED, size, kind[-1]], "nmse")
        for table in tables
    }
    return {**ratios, "geometric_mean": math.exp(statistics.fmean(math.log(ratio) for ratio in ratios.values()))}


def as_markdown(summary: list[dict[str, Any]], repeats: int, seed: int) -> str:
    """Returns the geometric means over tables in Markdown."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {repeats} splits, seeds {seed} to "
        f"{seed + repeats - 1}. Ratios of median squared errors to the published surrogate's, geometric mean over "
        f"tables; coverage of 90 % intervals, mean over splits, by table.",
        "",
        "| model | rows | measure | published on all rows | published on as many | by table | coverage, % |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in summary:
        whole, same = entry["to_published_on_all"], entry["to_published_on_as_many"]
        beside = "" if same is None else f"{same['geometric_mean']:.2f}"
        by_table = ", ".join(f"{name} {ratio:.2f}" for name, ratio in whole.items() if name != "geometric_mean")
        coverage = ", ".join(f"{100 * share:.0f}" for share in entry["mean_coverage90"].values())
        rows = "all" if entry["train"] == ALL else entry["train"]
        lines.append(
            f"| {entry['model']} | {rows} | {entry['measure']} | {whole['geometric_mean']:.2f} | {beside} | "
            f"{by_table} | {coverage} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
