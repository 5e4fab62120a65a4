"""How long surrogates take to be fitted and to answer.

    python -m benchmarks.surrogate_speed --table TABLE.csv.gz [--repeats 5] [--large] [--results FOLDER]

`TABLE` is a published table of decoders of the space gpt-small with three measures (`rtx2080.csv.gz`). Rows are drawn
from it, with replacement where it has too few. Medians and quartiles of wall seconds over the repeats; all three
measures; every fit and answer is one of a fresh surrogate, after one that does not count.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from device_agents.environment import machine_facts
from protran.evaluate.models import AUTO, GP, models_with
from protran.evaluate.table_rows import TableRows
from protran.tables.reading import read_table
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
CASES = ((GP, 64, 1_000), (AUTO, 64, 1_000), (GP, 1_000, 1_000), (AUTO, 1_000, 1_000), (GP, 64, 100_000))
ONCE = ((GP, 20_000, 1_000), (AUTO, 20_000, 1_000))
"""Rows of the fit and of the question."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="20,000 rows too (minutes)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = read_table(arguments.table, load_space("gpt-small"))
    rows = TableRows.of(table, load_space("gpt-small"))
    cells = [timed(rows, table.targets, *case, arguments.repeats) for case in CASES]
    cells += [timed(rows, table.targets, *case, 1) for case in ONCE if arguments.large]
    facts = {**machine_facts().to_json(), "python": platform.python_version(), "threads": torch.get_num_threads()}
    command = f"python -m benchmarks.surrogate_speed --repeats {arguments.repeats}"
    text = json.dumps({"command": command, "machine": facts, "cells": cells}, indent=1) + "\n"
    (arguments.results / "surrogate_speed.json").write_text(text, encoding="utf-8")
    print(f"Machine: {facts['processor']}, {facts['cores']} cores, {facts['threads']} threads, load {facts['load']}\n")
    print("| model | rows | asked | fit, s | answer, s | repeats |\n|---|---|---|---|---|---|")
    for cell in cells:
        fit, answer = (
            f"{cell[name]['median']:.2f} ({cell[name]['q1']:.2f} to {cell[name]['q3']:.2f})"
            for name in ("fit", "answer")
        )
        print(f"| {cell['model']} | {cell['rows']} | {cell['asked']} | {fit} | {answer} | {cell['repeats']} |")


def timed(
    rows: TableRows, targets: tuple[str, ...], model: str, count: int, asked: int, repeats: int
) -> dict[str, Any]:
    """Returns seconds of fits to `count` rows and of answers to `asked` points."""
    draws = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {"fit": [], "answer": []}
    for repeat in range(repeats + (repeats > 1)):
        train, test = (
            torch.as_tensor(draws.choice(len(rows.x), size, replace=size > len(rows.x))) for size in (count, asked)
        )
        surrogate = models_with((), 0, targets)[model]()
        began_s = time.perf_counter()
        surrogate.fit(rows.x[train], rows.y[train], rows.y_var[train])
        fitted_s = time.perf_counter()
        with torch.no_grad():
            surrogate.predict(rows.x[test])
        if repeat or repeats == 1:
            seconds["fit"].append(fitted_s - began_s)
            seconds["answer"].append(time.perf_counter() - fitted_s)
    summary = {name: _summary(values) for name, values in seconds.items()}
    return {"model": model, "rows": count, "asked": asked, "repeats": repeats, **summary}


def _summary(values: list[float]) -> dict[str, float]:
    q1, q3 = (float(value) for value in np.quantile(values, (0.25, 0.75)))
    return {"median": statistics.median(values), "q1": q1, "q3": q3}


if __name__ == "__main__":
    main()
