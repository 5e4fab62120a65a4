"""What a search of the table could reach that knew latency and memory, and of the error what a model can know.

Rows are chosen one by one, each the one that is expected to add most hypervolume, by somebody who needs no
measurements, as in `benchmarks.search_bound`. "All" knows every smooth value. "Error trend" knows latency and memory
exactly, and of the error what a process says of a candidate that has seen nine tenths of the others' `error_smooth`:
far more than the few noisy trainings that a search has seen. What the process leaves is the candidate's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from benchmarks.row_file import write_rows
from benchmarks.search_bound import Reached, chosen, curves_markdown
from benchmarks.watch_table.table import NAME as TABLE
from benchmarks.watch_table.table import read_rows
from benchmarks.watch_table.truth import out_of_fold
from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable, read_pool
from protran.tables.measurement_table import Array
from protran.tasks.watch import WatchTask
from search_spaces.space import load_space
from surrogates.hetero_gp import HeteroscedasticGP

OBJECTIVES = ("error", "latency_s", "memory_bytes")
EVALUATIONS = (20, 40, 60)
SEEDS = 5
SURE = 1e-6
"""Variance of `error_smooth`, as the process is told: next to nothing."""


def write_bound(folder: Path, results: Path) -> str:
    """Writes watch_bound.csv, and returns the fractions in Markdown. Raises `InputError`."""
    space = load_space("edge-small")
    table = read_pool(folder / TABLE, space, OBJECTIVES, WatchTask().input_spec)
    rows = read_rows(folder)
    numbers = {candidate.key: number for number, candidate in enumerate(rows.candidates)}
    x = rows.features()[[numbers[candidate.key] for candidate in table.pool.candidates]]
    found = reached(table, x, min(EVALUATIONS[-1], len(table.pool)))
    write_rows(Reached, found, results / "watch_bound.csv", digits=6)
    return curves_markdown(found, EVALUATIONS)


def reached(table: PooledTable, x: Array, evaluations: int) -> list[Reached]:
    """Returns the fractions of the smooth hypervolume, for features `x: n x d` of what the error depends on."""
    judge, smooth = Judge(table.smooth), np.log(table.smooth)
    place = table.pool.objectives.index("error")
    trend = np.log(out_of_fold(x, table.smooth[:, place], np.full(len(x), SURE), HeteroscedasticGP))
    guessed, own = smooth.copy(), np.zeros_like(smooth)
    guessed[:, place], own[:, place] = trend, np.std(smooth[:, place] - trend)
    found = []
    for known, mean, deviation, seeds in (
        ("all", smooth, np.zeros_like(smooth), 1),
        ("error trend", guessed, own, SEEDS),
    ):
        for seed in range(seeds):
            curve = judge.curve(chosen(torch.as_tensor(mean), torch.as_tensor(deviation), evaluations, seed))
            found += [
                Reached(table.name, known, seed, count, float(curve[count - 1]))
                for count in EVALUATIONS
                if count <= evaluations
            ]
    return found
