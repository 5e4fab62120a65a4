"""How fast candidates are sampled, encoded, counted and compared: flexibert-v2 in array form, and one by one.

    python -m benchmarks.space_speed [--repeats 7] [--results FOLDER]

Every line of the table is timed `--repeats` times in this process, after one run that does not count; wall time and
processor time are given, because others may use the machine. One by one is timed on fewer candidates.
Writes space_speed.csv (one row per repeat) and space_speed.json (machine and summary).
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device_agents.environment import machine_facts
from search_spaces.cost import count
from search_spaces.distance import pairwise_distances
from search_spaces.encoding import Encoding
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.sampling import SamplingMethod, sample, sample_table
from search_spaces.space import load_space
from search_spaces.table_cost import count_table
from search_spaces.table_encoding import encode_table

RESULTS = Path(__file__).parent / "results"
SENTENCES = InputSpec(InputKind.TOKENS, length=128, classes=2, vocabulary=30_522)
MANY, SOME, FEW = 100_000, 10_000, 1_000
TARGETS_S = {"encode and count, in array form": 2.0, "sample, in array form": 2.0, "sample": 2.0}


@dataclass(frozen=True)
class Timing:
    """One run of one piece of work."""

    work: str
    candidates: int
    repeat: int
    wall_s: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    facts = machine_facts().to_json()
    timings = [
        timing
        for name, (candidates, work) in everything().items()
        for timing in timed(name, candidates, work, arguments.repeats)
    ]
    facts["load_after"] = machine_facts().load
    summary = summarise(timings)
    write(timings, summary, facts, arguments.results)
    print(table(summary, facts, arguments.repeats))


def everything() -> dict[str, tuple[int, Callable[[], object]]]:
    """Returns for each piece of work, by name, how many candidates it treats, and a function that does it."""
    space, edge = load_space("flexibert-v2"), load_space("edge-small")
    encoding = Encoding(space)
    many = sample_table(space, MANY, SamplingMethod.RANDOM, seed=0)
    first = many.take(np.arange(SOME))
    few = sample(space, FEW, SamplingMethod.SOBOL, seed=0)
    deep = [candidate.architecture for candidate in few]
    small = [candidate.architecture for candidate in sample(edge, FEW, SamplingMethod.SOBOL, seed=0)]

    def encode_and_count() -> object:
        return encode_table(encoding, many), count_table(many, SENTENCES)

    return {
        "sample": (SOME, lambda: sample(space, SOME, SamplingMethod.SOBOL, seed=0)),
        "sample, in array form": (SOME, lambda: sample_table(space, SOME, SamplingMethod.SOBOL, seed=0)),
        "encode and count, in array form": (MANY, encode_and_count),
        "encode, in array form": (MANY, lambda: encode_table(encoding, many)),
        "count, in array form": (MANY, lambda: count_table(many, SENTENCES)),
        "candidates of a table": (SOME, first.candidates),
        "encode, one by one": (FEW, lambda: encoding.encode_many(few)),
        "count, from candidates": (FEW, lambda: count(genes_of(few), SENTENCES)),
        "all distances, edge-small": (FEW, lambda: pairwise_distances(small)),
        "all distances, flexibert-v2": (FEW, lambda: pairwise_distances(deep)),
    }


def timed(name: str, candidates: int, work: Callable[[], object], repeats: int) -> list[Timing]:
    """Returns the times of `repeats` runs after one that does not count."""
    work()
    timings = []
    for repeat in range(repeats):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        work()
        timings.append(Timing(name, candidates, repeat, time.perf_counter() - wall_s, time.process_time() - cpu_s))
    return timings


def summarise(timings: list[Timing]) -> list[dict[str, Any]]:
    """Returns median, least and most wall time and the median processor time of each piece of work, in seconds."""
    summary = []
    for name in dict.fromkeys(timing.work for timing in timings):
        runs = [timing for timing in timings if timing.work == name]
        wall_s = [timing.wall_s for timing in runs]
        summary.append(
            {
                "work": name,
                "candidates": runs[0].candidates,
                "wall_s": {"median": statistics.median(wall_s), "least": min(wall_s), "most": max(wall_s)},
                "cpu_s": statistics.median(timing.cpu_s for timing in runs),
                "target_s": TARGETS_S.get(name),
            }
        )
    return summary


def write(timings: list[Timing], summary: list[dict[str, Any]], facts: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "space_speed.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(asdict(timings[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(timing) for timing in timings)
    command = f"python -m benchmarks.space_speed --repeats {max(timing.repeat for timing in timings) + 1}"
    payload = {"command": command, "machine": facts, "summary": summary}
    (folder / "space_speed.json").write_text(json.dumps(payload, indent=2, default=str) + "\n")


def table(summary: list[dict[str, Any]], facts: dict[str, Any], repeats: int) -> str:
    """Returns the summary in Markdown."""
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {repeats} repeats; "
        f"load of the machine {facts['load']} before, {facts['load_after']} after.",
        "",
        "| work | candidates | wall, median | wall, range | processor, median | target |",
        "|---|---|---|---|---|---|",
    ]
    for row in summary:
        wall_s, target = row["wall_s"], f"{row['target_s']:.0f} s" if row["target_s"] else ""
        spread = f"{wall_s['least']:.3f} to {wall_s['most']:.3f} s"
        lines.append(
            f"| {row['work']} | {row['candidates']:,} | {wall_s['median']:.3f} s | {spread} "
            f"| {row['cpu_s']:.3f} s | {target} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
