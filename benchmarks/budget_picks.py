"""How often a candidate that is said to keep a budget with some probability breaks it in truth.

    python -m benchmarks.budget_picks --tables FOLDER [--runs RUNS.csv] [--seeds 10] [--budgets 100] [--results FOLDER]

`FOLDER` holds the HW-GPT-Bench tables in `hwgpt_s/`. With each seed 100 rows of a table are measured (their raw
values): random ones, and, with `RUNS.csv`, the results of `protran bench search`, the first that `protran` asked for.
Everything is believed as `protran bench search` believes it, and so many random budgets are drawn: a measure, and a
limit between the 5th and the 95th percentile of its true values. Returned is the row with the least believed perplexity
among those that keep the budget with the stated probability: of the measured rows (`measured`: what a campaign
verifies), or of all (`predicted`). The truth is the smooth column.

`own share` is the part of a measurement's noise that is taken for the row's own (`protran.optimize.beliefs.OWN_SHARE`).
Intervals are binomial (Wilson, 95 %), as if picks were independent; those of one seed share their beliefs.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import torch

from benchmarks.row_file import write_rows
from protran.benchmark.methods.protran import ProTranSearch
from protran.benchmark.pool import PooledTable, read_pool
from protran.optimize.beliefs import OWN_SHARE
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
DEVICES = ("h100", "rtx2080")
SCORE, MEASURES = "perplexity", ("latency_s", "energy_j", "peak_power_w")
MEASURED = 100
STATED = 0.95
SHARES = (0.0, OWN_SHARE)


@dataclass(frozen=True)
class Pick:
    """One budget and what was returned under it; `true` and `limit` in the measure's unit, `score` in truth."""

    device: str
    rows: str
    among: str
    share: float
    seed: int
    number: int
    measure: str
    limit: float
    row: int
    true: float
    score: float
    best_score: float

    @property
    def breaks(self) -> bool:
        """Whether the candidate breaks the budget in truth."""
        return self.row >= 0 and self.true > self.limit


@dataclass(frozen=True)
class Count:
    """Picks of one seed and kind, and how many of them break their budget."""

    device: str
    rows: str
    among: str
    share: float
    measure: str
    seed: int
    picks: int
    broken: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budgets", type=int, default=100)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    picks: list[Pick] = []
    for device in DEVICES:
        table = read_pool(
            arguments.tables / "hwgpt_s" / f"{device}.csv.gz", load_space("gpt-small"), (SCORE, *MEASURES)
        )
        for seed in range(arguments.seeds):
            for name, rows in measured_rows(table, device, seed, arguments.runs).items():
                picks += picks_of(table, device, name, rows, seed, arguments.budgets)
                print(f"{device}, {name} rows, seed {seed} done", flush=True)
    write_rows(Count, counts(picks), arguments.results / "budget_picks.csv", digits=3)
    print(as_markdown(picks))


def counts(picks: list[Pick]) -> list[Count]:
    """Returns for each seed and kind how many picks were returned, and how many of them break their budget."""
    found: dict[tuple[str, str, str, float, str, int], list[bool]] = {}
    for pick in picks:
        key = pick.device, pick.rows, pick.among, pick.share, pick.measure, pick.seed
        if pick.row >= 0:
            found.setdefault(key, []).append(pick.breaks)
    return [Count(*key, len(broken), sum(broken)) for key, broken in sorted(found.items())]


def measured_rows(table: PooledTable, device: str, seed: int, runs: Path | None) -> dict[str, list[int]]:
    """Returns the numbers of the measured rows, by how they were chosen."""
    generator = np.random.default_rng([seed, len(table.pool)])
    found = {"random": generator.permutation(len(table.pool))[:MEASURED].tolist()}
    if runs is not None:
        with runs.open(newline="", encoding="utf-8") as file:
            asked = [
                int(row["row"])
                for row in csv.DictReader(file)
                if (row["table"], row["method"], int(row["seed"])) == (device, "protran", seed)
            ]
        if len(asked) >= MEASURED:
            found["searched"] = asked[:MEASURED]
    return found


def picks_of(table: PooledTable, device: str, name: str, rows: list[int], seed: int, count: int) -> Iterator[Pick]:
    """Yields what is returned under `count` budgets, by the rows among which it is chosen and by share."""
    generator = np.random.default_rng([seed, 1])
    method = ProTranSearch(table.pool, seed)
    method.tell(rows, table.observed[rows])
    beliefs = method.beliefs()
    mean, variance = (np.stack(parts, axis=1) for parts in zip(*(output.moments() for output in beliefs), strict=True))
    with torch.no_grad():
        noise = np.stack([output.surrogate.predict(output.x).aleatoric_var[:, 0] for output in beliefs], axis=1)
    among = {"measured": np.array(rows), "predicted": np.arange(len(table.pool))}
    for number in range(count):
        place = 1 + int(generator.integers(len(MEASURES)))
        limit = float(np.percentile(table.smooth[:, place], generator.uniform(5, 95)))
        for kind, choice in among.items():
            kept = choice[table.smooth[choice, place] <= limit]
            best = float(table.smooth[kept, 0].min()) if len(kept) else math.nan
            for share in SHARES:
                deviation = np.sqrt(variance[choice, place] + share * noise[choice, place])
                keepers = choice[mean[choice, place] + NormalDist().inv_cdf(STATED) * deviation <= math.log(limit)]
                row = int(keepers[mean[keepers, 0].argmin()]) if len(keepers) else -1
                true, score = (table.smooth[row, place], table.smooth[row, 0]) if row >= 0 else (math.nan, math.nan)
                measure = table.pool.objectives[place]
                yield Pick(
                    device, name, kind, share, seed, number, measure, limit, row, float(true), float(score), best
                )


def as_markdown(picks: list[Pick]) -> str:
    """Returns a table: by device, rows and measure the share of picks that break their budget."""
    lines = [
        "| device | rows | among | own share | measure | picks | break it | interval | by | perplexity over the best |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    kinds = dict.fromkeys((pick.device, pick.rows, pick.among, pick.share) for pick in picks)
    for device, rows, among, share in sorted(kinds):
        own = [p for p in picks if (p.device, p.rows, p.among, p.share) == (device, rows, among, share)]
        for measure in ("all", *MEASURES) if share else ("all",):
            chosen = [pick for pick in own if measure in ("all", pick.measure)]
            lines.append(f"| {device} | {rows} | {among} | {share:.2g} | {measure} | {_cells(chosen)} |")
    return "\n".join(lines)


def _cells(own: list[Pick]) -> str:
    returned = [pick for pick in own if pick.row >= 0]
    broken = [pick.true / pick.limit - 1 for pick in returned if pick.breaks]
    low, high = wilson(len(broken), len(returned))
    by = f"{100 * float(np.median(broken)):.1f} %" if broken else "-"
    over = [pick.score / pick.best_score - 1 for pick in returned if not math.isnan(pick.best_score)]
    worse = 100 * float(np.median(over)) if over else math.nan
    share, interval = 100 * len(broken) / max(1, len(returned)), f"{100 * low:.1f} to {100 * high:.1f} %"
    return f"{len(returned)} | {share:.1f} % | {interval} | {by} | {worse:+.1f} %"


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share. Source: E. B. Wilson, J. Am. Stat. Assoc. 22(158), 1927."""
    if trials == 0:
        return 0.0, 1.0
    z, share = NormalDist().inv_cdf(0.975), successes / trials
    middle, half = share + z * z / (2 * trials), z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    return (middle - half) / (1 + z * z / trials), (middle + half) / (1 + z * z / trials)


if __name__ == "__main__":
    main()
