"""How well one profile repeats: separate processes measure one candidate while another process keeps a core busy.

Usage: python benchmarks/profile_repeatability.py [--runs 10] [--busy 1] [--size edge|base] [--results DIR]

Writes profile_repeatability_SIZE.csv (one row per run) and .json (machine and summary), and prints them as Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device_agents.agent import Agent
from device_agents.environment import machine_facts
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.reference import ReferenceLatency
from device_agents.statistics import coefficient_of_variation, relative_range
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec

RESULTS = Path(__file__).parent / "results"
INPUT_SPEC = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
EDGE_LAYER = Layer(32, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER, HeadKind.CONVOLUTION_5, HeadKind.COSINE), (96,))
BASE_LAYER = Layer(256, (HeadKind.SCALED_DOT_PRODUCT,) * 3 + (HeadKind.WEIGHTED_MULTIPLICATIVE,), (1024,))
CANDIDATES = {
    "edge": Candidate(Architecture((EDGE_LAYER,) * 2)),
    "base": Candidate(Architecture((BASE_LAYER,) * 4)),
}


def main() -> None:
    options = _options()
    if options.once:
        print(json.dumps(profile_once(options.size, ReferenceLatency.from_json(json.loads(options.once)))))
        return
    with contextlib.closing(Agent("local")) as agent:
        reference = agent.calibrate()
    with busy_cores(options.busy):
        rows = [run_once(options.size, reference) for _ in range(options.runs)]
    summary = summarise(rows, options.busy, reference)
    write(rows, summary, options.results / f"profile_repeatability_{options.size}")
    print(as_markdown(rows, summary))


def profile_once(size: str, reference: ReferenceLatency) -> dict[str, float]:
    """Returns the figures of a warm profile: the second one of a fresh agent."""
    with contextlib.closing(Agent("local", reference=reference)) as agent:
        measured(agent, size, repeat=0)
        began_s = time.perf_counter()
        measurement = measured(agent, size, repeat=1)
        wall_s = time.perf_counter() - began_s
    ratio, details = measurement.values["latency_ratio"], measurement.details
    return {
        "latency_ratio": ratio.value or math.nan,
        "latency_ratio_stderr": ratio.stderr or math.nan,
        "latency_s": measurement.values["latency_s"].value or math.nan,
        "raw_wall_s": details["candidate_wall_s"],
        "raw_cpu_s": details["candidate_cpu_s"],
        "clean_share": details["clean_share"],
        "pairs": details["pairs"],
        "profile_wall_s": wall_s,
        "overhead_s": wall_s - details["model_s"],
    }


def measured(agent: Agent, size: str, repeat: int) -> Measurement:
    request = ProfileRequest(CANDIDATES[size], INPUT_SPEC, Workload(), agent.identity, repeat)
    measurement = agent.profile(request)
    if measurement.status is not MeasurementStatus.OK:
        raise SystemExit(f"the profile failed: {measurement.reason}")
    return measurement


def run_once(size: str, reference: ReferenceLatency) -> dict[str, float]:
    command = [sys.executable, __file__, "--size", size, "--once", json.dumps(reference.to_json())]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    row: dict[str, float] = json.loads(output)
    return row


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    workers = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def summarise(rows: list[dict[str, float]], busy: int, reference: ReferenceLatency) -> dict[str, Any]:
    columns = ("latency_ratio", "raw_cpu_s", "raw_wall_s")
    spread = {
        name: {
            "relative_range": relative_range([row[name] for row in rows]),
            "coefficient_of_variation": coefficient_of_variation([row[name] for row in rows]),
        }
        for name in columns
    }
    stated = [row["latency_ratio_stderr"] / row["latency_ratio"] for row in rows]
    return {
        "machine": machine_facts().to_json(),
        "busy_cores": busy,
        "reference": reference.to_json(),
        "spread": spread,
        "stated_relative_stderr": sum(stated) / len(stated),
        "largest_overhead_s": max(row["overhead_s"] for row in rows),
        "largest_profile_wall_s": max(row["profile_wall_s"] for row in rows),
    }


def write(rows: list[dict[str, float]], summary: dict[str, Any], stem: Path) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    with stem.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    stem.with_suffix(".json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def as_markdown(rows: list[dict[str, float]], summary: dict[str, Any]) -> str:
    machine = summary["machine"]
    lines = [
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['operating_system']}, "
        f"Python {machine['python']}, torch {machine['torch']}; {summary['busy_cores']} core(s) kept busy",
        "",
        "| run | ratio | ± | raw CPU ms | raw wall ms | clean share | pairs | profile s | beyond the models s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for number, row in enumerate(rows, start=1):
        lines.append(
            f"| {number} | {row['latency_ratio']:.4f} | {row['latency_ratio_stderr']:.4f} "
            f"| {row['raw_cpu_s'] * 1e3:.3f} | {row['raw_wall_s'] * 1e3:.3f} | {row['clean_share']:.2f} "
            f"| {row['pairs']:.0f} | {row['profile_wall_s']:.2f} | {row['overhead_s']:.2f} |"
        )
    lines += ["", "| estimator | relative range | coefficient of variation |", "|---|---|---|"]
    for name, spread in summary["spread"].items():
        lines.append(
            f"| {name} | {100 * spread['relative_range']:.2f} % | {100 * spread['coefficient_of_variation']:.2f} % |"
        )
    lines += ["", f"Stated standard error of the ratio, mean: {100 * summary['stated_relative_stderr']:.2f} %."]
    lines.append(
        f"Largest time of a warm profile beyond the models' own passes: {summary['largest_overhead_s']:.2f} s."
    )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="separate processes (default 10)")
    parser.add_argument("--busy", type=int, default=1, help="cores that another process keeps busy (default 1)")
    parser.add_argument("--size", choices=sorted(CANDIDATES), default="edge", help="which candidate (default edge)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the tables go")
    parser.add_argument("--once", metavar="REFERENCE", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
