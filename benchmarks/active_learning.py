"""How many profiles active learning needs for the error of 64 random ones, on published tables as pools.

    python -m benchmarks.active_learning --tables FOLDER [--repeats 10] [--seed 0] [--results FOLDER]

`FOLDER` holds tables of decoders of the space gpt-small, `*.csv.gz`. For each repeat (a seed of its own) a random fifth
of a table is held out and 2,000 of the other rows are the pool. Each policy chooses rows of the pool; the surrogate
`gp`, fitted to them, is judged on the held-out rows, so that policies differ by the chosen rows alone. Numbers of
profiles count all of them, those that a policy starts with and repeats included. `cpu_meta`, whose measurements are
contaminated, is left out. Beside the policies, `auto` on random rows is the strongest reading of the reference.

Held-out rows are noisy: errors against measured values have a floor that no policy passes, so errors without noise are
estimated too (`protran.evaluate.active_loop.denoised_error`), with the tables' columns `*_smooth`. By them the stop
rule is judged: how often, where it says stop for a target, the error was within the target. Repeats are simulated.
Last comes what noise lets any choice attain: a process is fitted to 600 other rows and taken for the truth, and rows of
the pool are chosen for one measure alone (`protran.evaluate.active_limit`).

An interrupted benchmark resumes: what the table of results has is not run again. Delete it after a change.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.active_learning_picture import draw
from benchmarks.row_file import read_rows, write_rows
from device_agents.environment import machine_facts
from protran.evaluate.active_limit import limit
from protran.evaluate.active_loop import POLICIES, HeldOut, Judgement, errors, run
from protran.evaluate.active_pool import MeasuredPool
from protran.evaluate.active_summary import REFERENCE_PROFILES, RULES, Row, stops, summarise
from protran.evaluate.models import AUTO, models_with
from protran.evaluate.pool_policies import Knowledge
from protran.evaluate.splits import draw_split
from protran.evaluate.table_rows import INPUTS, tensors
from protran.features import FAINT_HARDWARE_COLUMNS, FeatureMap
from protran.optimize.seeds import child_seed, deterministic_torch
from protran.tables.reading import read_table
from search_spaces.space import DesignSpace, load_space
from surrogates.output_belief import OutputBelief
from surrogates.transforms import FeatureScaler

RESULTS = Path(__file__).parent / "results"
SPACE, CONTAMINATED = "gpt-small", "cpu_meta"
SIZES = (8, 12, 16, 20, 24, 32, 48, 64)
AT = 24
DIGITS = 6
TEST_FRACTION, POOL = 0.2, 2000
REFERENCE, KNOWN = 300, 600
"""Rows over which the limit's error counts, and rows from which its process is known."""
TARGETS = (0.05, 0.1)
JUDGED = ("integrated", "random")
METRICS = ("mape", "true_error")


@dataclass(frozen=True)
class Table:
    """A table as a pool of all its rows, with smoothed values and the names of its measures."""

    name: str
    measures: tuple[str, ...]
    rows: MeasuredPool
    smooth: torch.Tensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, path = load_space(SPACE), arguments.results / "active_learning.csv"
    paths = [file for file in sorted(arguments.tables.glob("*.csv.gz")) if not file.name.startswith(CONTAMINATED)]
    tables = [load(file, space) for file in paths]
    rows = read_rows(Row, path)
    for seed in range(arguments.seed, arguments.seed + arguments.repeats):
        for table in tables:
            for found in missing(table, seed, {(row.table, row.seed, row.policy) for row in rows}):
                rows += found
                write_rows(Row, rows, path, DIGITS)
    summary = {
        "needed": [entry for metric in METRICS for entry in summarise(rows, metric, AT)],
        "limits": [entry for table in tables for entry in limits(table, arguments.seed)],
        "stops": [stops(rows, policy, rule, goal) for policy in JUDGED for rule in RULES for goal in TARGETS],
    }
    write_summary(summary, arguments, path.with_suffix(".json"))
    draw(rows, path.with_suffix(".png"))
    print(as_markdown(summary, arguments))


def load(path: Path, space: DesignSpace) -> Table:
    table = read_table(path, space)
    encoding = FeatureMap(space, INPUTS[space.family]).encoding
    points = torch.as_tensor(encoding.encode_many(list(table.candidates)))
    smooth = read_table(path, space, [f"{target}_smooth" for target in table.targets])
    latency = table.targets.index("latency_s") if "latency_s" in table.targets else None
    x, y, y_var = tensors(table, space)
    return Table(table.name, table.targets, MeasuredPool(x, points, y, y_var, latency), torch.as_tensor(smooth.values))


def missing(table: Table, seed: int, done: set[tuple[str, int, str]]) -> Iterator[list[Row]]:
    """Yields the rows of one table and seed that are not known yet, by policy."""
    whole, split = table.rows, draw_split(len(table.rows), TEST_FRACTION, seed, 0)
    train, test = torch.as_tensor(split.train[:POOL]), torch.as_tensor(split.test)
    pool = MeasuredPool(whole.x[train], whole.points[train], whole.y[train], whole.y_var[train], whole.latency)
    held_out = HeldOut(whole.x[test], whole.y[test], table.smooth[test])
    for name, make in POLICIES.items():
        if (table.name, seed, name) not in done:
            yield [_row(table, seed, name, judgement) for judgement in run(pool, held_out, make(), SIZES, seed)]
            print(f"{table.name}, seed {seed}, {name}", file=sys.stderr, flush=True)
    if (table.name, seed, AUTO) not in done:
        yield strongest(table, pool, held_out, seed)


def _row(table: Table, seed: int, policy: str, judgement: Judgement) -> Row:
    numbers = asdict(judgement)
    return Row(table.name, seed, policy, measure=table.measures[numbers.pop("output")], **numbers)


def strongest(table: Table, pool: MeasuredPool, held_out: HeldOut, seed: int) -> list[Row]:
    """Returns how the model `auto` does on the reference's random rows."""
    asked = POLICIES["random"]().extend(pool, Knowledge((), None, seed), REFERENCE_PROFILES)
    surrogate = models_with((), seed)[AUTO]()
    with deterministic_torch(child_seed(seed, 0, "strongest")):
        surrogate.fit(pool.x[asked], pool.y[asked], pool.y_var[asked])
    found = errors(surrogate.predict(held_out.x).mean.detach(), held_out)
    unknown: dict[str, Any] = {"repeats": 0, "expected": math.nan, "bound": math.nan, "cost": pool.cost(asked)}
    by_measure = torch.stack(list(found.values()), dim=-1).tolist()
    return [
        Row(
            table.name, seed, AUTO, REFERENCE_PROFILES, measure=measure, **unknown, **dict(zip(found, own, strict=True))
        )
        for measure, own in zip(table.measures, by_measure, strict=True)
    ]


def limits(table: Table, seed: int) -> Iterator[dict[str, Any]]:
    """Yields, for each measure, how far the best rows for it go."""
    whole, split = table.rows, draw_split(len(table.rows), TEST_FRACTION, seed, 0)
    pool, other = torch.as_tensor(split.train[:POOL]), torch.as_tensor(split.train[POOL : POOL + KNOWN])
    scaler = FeatureScaler.fit(whole.x[other])
    faint = torch.zeros(whole.x.shape[1], dtype=torch.bool)
    faint[list(FAINT_HARDWARE_COLUMNS)] = True
    x = scaler(whole.x[pool])
    for j, measure in enumerate(table.measures):
        y, y_var = whole.y[other, j], whole.y_var[other, j]
        process = OutputBelief.fit(scaler(whole.x[other]), y, y_var, True, faint[scaler.keep]).process
        found = limit(process, x, x[:REFERENCE], random=REFERENCE_PROFILES, few=AT, seed=seed)
        yield {"table": table.name, "measure": measure, **asdict(found)}


def write_summary(summary: dict[str, Any], arguments: argparse.Namespace, path: Path) -> None:
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.active_learning --repeats {arguments.repeats} --seed {arguments.seed}"
    path.write_text(json.dumps({"command": command, "machine": facts, **summary}, indent=2) + "\n", encoding="utf-8")


def as_markdown(summary: dict[str, Any], arguments: argparse.Namespace) -> str:
    """Returns the profiles that each policy needs, its errors at 24, and how right the stops were, in Markdown."""
    facts, last = machine_facts().to_json(), arguments.seed + arguments.repeats - 1
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; seeds {arguments.seed} to {last}.",
        "",
        f"| table | measure | error | random at 64 | policy | needs | over it at {AT}: median (quartiles) |",
        "|---" * 7 + "|",
    ]
    for entry in summary["needed"]:
        ratio, needed = entry["ratio"], entry["needed"] or f"over {SIZES[-1]}"
        beside = "" if ratio["median"] is None else f"{ratio['median']:.2f} ({ratio['q1']:.2f} to {ratio['q3']:.2f})"
        lines.append(
            f"| {entry['table']} | {entry['measure']} | {entry['metric']} | {entry['reference']:.2%} "
            f"| {entry['policy']} | {needed} | {beside} |"
        )
    lines += ["", f"| table | measure | the best rows need | over random at {AT} | random rows |", "|---" * 5 + "|"]
    for entry in summary["limits"]:
        figures = f"{entry['needed']} | {entry['ratio']:.2f} | {entry['random_ratio']:.2f}"
        lines.append(f"| {entry['table']} | {entry['measure']} | {figures} |")
    lines += ["", "| policy | rule | target | stopped | right | profiles | worst, over target |", "|---" * 7 + "|"]
    for stop in summary["stops"]:
        figures = "| | |"
        if stop["stopped"]:
            figures = f"| {stop['right']:.0%} | {stop['profiles']:.0f} | {stop['worst']:.2f} |"
        stopped = f"{stop['stopped']} of {stop['runs']}"
        lines.append(f"| {stop['policy']} | {stop['rule']} | {stop['target']:.0%} | {stopped} {figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
