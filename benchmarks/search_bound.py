"""What a search of a published table could reach that knew all rows' trends, but not what is a row's own.

    python -m benchmarks.search_bound --tables FOLDER [--devices h100,rtx2080] [--seeds 3] [--results FOLDER]

`FOLDER` holds HW-GPT-Bench's tables in `hwgpt_s/`. Rows are chosen one by one, each the one that is expected to add
most hypervolume, by somebody who needs no measurements. Three states of knowledge:

    all             every smooth value of every row
    peak trend      perplexity, latency and energy of every row exactly; of peak power the trend
    trends          the trend of each of the four

A trend is a least-squares fit of the logarithm over all rows, one per width: linear in depth, mean heads, mean
feed-forward ratio, biases, and depth times either mean. What it leaves is a row's own; how large it is on average is
known too. A search that starts from nothing and sees noisy measurements knows less.

Expected improvements are means over eight draws of the chosen rows' own parts: they are not known after the choice
either, since a measurement's noise hides them (4 times as large on the h100's peak power). Writes search_bound.csv.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.row_file import read_rows, write_rows
from benchmarks.spread_text import spread_text
from device_agents.environment import machine_facts
from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable, read_pool
from protran.optimize.pool_acquisition import ExpectedImprovement, GainScale, rescore
from search_spaces.candidate import Candidate
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
OBJECTIVES = ("perplexity", "latency_s", "energy_j", "peak_power_w")
KNOWLEDGE = {"all": (), "peak trend": ("peak_power_w",), "trends": OBJECTIVES}
"""Which objectives are known by their trend only."""
EVALUATIONS = (20, 60, 100, 160)
DRAWS = 8


@dataclass(frozen=True)
class Reached:
    """Fraction of the smooth hypervolume after so many evaluations."""

    device: str
    known: str
    seed: int
    evaluations: int
    fraction: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--devices", default="h100,rtx2080")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = arguments.results / "search_bound.csv"
    rows = read_rows(Reached, path)
    for device in arguments.devices.split(","):
        table = read_pool(arguments.tables / "hwgpt_s" / f"{device}.csv.gz", load_space("gpt-small"), OBJECTIVES)
        judge = Judge(table.smooth)
        for known, hidden in KNOWLEDGE.items():
            for seed in range(arguments.seeds if hidden else 1):
                if any((row.device, row.known, row.seed) == (device, known, seed) for row in rows):
                    continue
                curve = judge.curve(chosen(*belief(table, hidden), EVALUATIONS[-1], seed))
                rows += [Reached(device, known, seed, count, float(curve[count - 1])) for count in EVALUATIONS]
                write_rows(Reached, rows, path, digits=6)
                print(f"{device}, {known}, seed {seed}: {curve[-1]:.4f}", file=sys.stderr, flush=True)
    print(curves_markdown(rows, EVALUATIONS))


def belief(table: PooledTable, hidden: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Returns mean and deviation of the smooth logarithms, `n x m` each, where some objectives are known by trend."""
    mean = np.log(table.smooth)
    deviation = np.zeros_like(mean)
    for name in hidden:
        column = table.pool.objectives.index(name)
        fitted = trend(table.pool.candidates, mean[:, column])
        deviation[:, column] = np.std(mean[:, column] - fitted)
        mean[:, column] = fitted
    return torch.as_tensor(mean), torch.as_tensor(deviation)


def trend(candidates: Sequence[Candidate], y: np.ndarray) -> np.ndarray:
    """Returns `y: n` as a linear function of a few means, fitted per width over all rows."""
    x, widths = [], []
    for candidate in candidates:
        layers = candidate.architecture.layers
        depth, heads = len(layers), statistics.fmean(len(layer.heads) for layer in layers)
        ratio = statistics.fmean(layer.feed_forward[0] / layer.hidden for layer in layers)
        x.append([1.0, depth, heads, ratio, candidate.architecture.bias, depth * heads, depth * ratio])
        widths.append(layers[0].hidden)
    features, fitted = np.array(x, dtype=np.float64), np.empty_like(y)
    for width in set(widths):
        rows = np.array(widths) == width
        fitted[rows] = features[rows] @ np.linalg.lstsq(features[rows], y[rows], rcond=None)[0]
    return fitted


def chosen(mean: Tensor, deviation: Tensor, count: int, seed: int) -> list[int]:
    """Returns the numbers of `count` rows, each expected to add most to those before it.

    Improvements only shrink as rows are added, so old ones are bounds and only the best of them are computed anew
    (Minoux, 1978).

    Args:
        mean: `n x m`, of the logarithms.
        deviation: `n x m`, of the rows' own parts.
        count: how many rows.
        seed: of the draws.
    """
    gain, spread = GainScale.of(mean).moments(mean, deviation.square())
    generator, draws = torch.Generator().manual_seed(seed), DRAWS if bool((deviation > 0).any()) else 1
    fronts = [ExpectedImprovement(gain[:0]) for _ in range(draws)]
    bounds = torch.full((len(gain),), torch.inf, dtype=gain.dtype)
    rows: list[int] = []
    while len(rows) < count:
        rescore(bounds, lambda mean, deviation: torch.stack([f(mean, deviation) for f in fronts]).mean(0), gain, spread)
        rows.append(best := int(bounds.argmax()))
        bounds[best] = -torch.inf
        for front, noise in zip(fronts, torch.randn(draws, gain.shape[1], generator=generator).double(), strict=True):
            front.add((gain[best] + spread[best] * noise * (deviation[best] > 0)).unsqueeze(0))
    return rows


def curves_markdown(rows: Sequence[Reached], evaluations: Sequence[int]) -> str:
    """Returns mean and standard deviation over seeds after each number of evaluations."""
    facts = machine_facts()
    groups: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row.device, row.known][row.evaluations].append(row.fraction)
    lines = [
        f"Machine: {facts.processor}, {facts.cores} cores, one thread.",
        "",
        f"| table | known | seeds | {' | '.join(map(str, evaluations))} |",
        "|---|---|---|" + "---|" * len(evaluations),
    ]
    for (device, known), counts in groups.items():
        cells = [spread_text(counts[count]) if counts[count] else "-" for count in evaluations]
        lines.append(f"| {' | '.join([device, known, str(max(map(len, counts.values()))), *cells])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
