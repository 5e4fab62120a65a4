"""What a fleet adds to a profile: different candidates, one after the other, through one device of a loopback fleet.

    python -m benchmarks.dispatch_overhead [--candidates 100] [--port 26377] [--results FOLDER]

The dispatcher, the agent and the runner are the real ones. Beyond the profile itself, which is what the measurement
says that it took (details.wall_s: building the candidate and both passes), a job takes: Ray's way there and back, JSON
on three pipes, the agent's lock, a fork of the warm runner, building the reference of the candidate's size, opening
the sensor, and the end of the forked process. Calibrations of references are done before, by profiles that do not
count. Resident memory is read after each profile. In the end the last candidates are asked for again, thousands of
times: the agent remembers its answers, so that this shows Ray's part alone, and what becomes of the agent's memory.

An interrupted benchmark resumes: candidates that the table has are not profiled again. Memory is compared within one
session. Writes dispatch_overhead.csv (one row per profile) and dispatch_overhead.json (machine and summary).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.loopback_fleet import agent_process, loopback_fleet, runner_process
from device_agents.environment import device_identity, machine_facts, machine_load
from device_agents.fleet.base import Dispatcher, Limits, ProfileJob
from device_agents.fleet.device_worker import REMEMBERED
from device_agents.fleet.opening import open_dispatcher
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.reference import reference_size
from device_agents.workload import Workload
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
DEVICE = "dispatch-benchmark"
INPUT_SPEC = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
WORKLOAD, LIMITS = Workload(), Limits(time_s=120.0)
SEED = 0
UNCOUNTED = 1  # repeat number of the profiles that warm the device up
ASKER = "benchmark"  # the agent remembers answers for those who give a name
AGAIN, LOOK = 3000, 500  # calls for answers that are remembered, and how often memory is read meanwhile


@dataclass(frozen=True)
class Row:
    """One profile: how long it took, and what the agent and its runner held afterwards."""

    session: int
    number: int
    key: str
    wall_s: float
    profile_s: float
    overhead_s: float
    agent_bytes: int
    runner_bytes: int
    load: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--port", type=int, default=26_377, help="the first of fifty free ports")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    table = arguments.results / "dispatch_overhead.csv"
    candidates = sample(load_space("edge-small"), arguments.candidates, SamplingMethod.LATIN_HYPERCUBE, SEED)
    rows = known_rows(table)
    left = {number: one for number, one in enumerate(candidates) if number not in {row.number for row in rows}}
    known = json.loads(table.with_suffix(".json").read_text()) if not left else {}
    again = known.get("remembered_answers")
    if left:
        with loopback_fleet(DEVICE, arguments.port):
            rows, again = measured(left, rows, table)
    summary = {**summarised(rows), "remembered_answers": again}
    table.with_suffix(".json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(as_markdown(summary))


def measured(left: dict[int, Candidate], rows: list[Row], table: Path) -> tuple[list[Row], dict[str, Any]]:
    session = max((row.session for row in rows), default=0) + 1
    dispatcher = open_dispatcher(devices=[DEVICE])
    try:
        sizes = {reference_size(one, INPUT_SPEC, WORKLOAD): one for one in left.values()}
        for candidate in sizes.values():
            profiled(dispatcher, candidate, UNCOUNTED)
        agent = agent_process(DEVICE)
        runner = runner_process(agent)
        for number, candidate in left.items():
            rows = [*rows, one_row(dispatcher, (session, number), candidate, (agent, runner))]
            write(rows, table)
        return rows, asked_again(dispatcher, list(left.values())[-REMEMBERED:], agent)
    finally:
        dispatcher.close()


def asked_again(dispatcher: Dispatcher, candidates: Sequence[Candidate], agent: psutil.Process) -> dict[str, Any]:
    waits_s, held = [], [(0, agent.memory_info().rss)]
    for number, candidate in enumerate(itertools.islice(itertools.cycle(candidates), AGAIN), start=1):
        began_s = time.perf_counter()
        profiled(dispatcher, candidate, 0)
        waits_s.append(time.perf_counter() - began_s)
        if number % LOOK == 0:
            held.append((number, agent.memory_info().rss))
    return {"calls": AGAIN, "round_trip_s": spread(waits_s), "agent_bytes": held}


def spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "min": min(values),
        "median": statistics.median(values),
        "p90": float(np.quantile(values, 0.9)),
        "max": max(values),
    }


def one_row(
    dispatcher: Dispatcher, place: tuple[int, int], candidate: Candidate, processes: tuple[psutil.Process, ...]
) -> Row:
    began_s = time.perf_counter()
    measurement = profiled(dispatcher, candidate, 0)
    wall_s = time.perf_counter() - began_s
    profile_s = measurement.details["wall_s"]
    agent_bytes, runner_bytes = (process.memory_info().rss for process in processes)
    load = machine_load() or 0.0
    return Row(*place, candidate.key, wall_s, profile_s, wall_s - profile_s, agent_bytes, runner_bytes, load)


def profiled(dispatcher: Dispatcher, candidate: Candidate, repeat: int) -> Measurement:
    request = ProfileRequest(candidate, INPUT_SPEC, WORKLOAD, device_identity(), repeat)
    dispatcher.submit(ProfileJob(request, LIMITS, energy=False, asker=ASKER))
    result = None
    while result is None and dispatcher.pending():
        result = dispatcher.next_result(LIMITS.time_s)
    measurement = result.measurement if result is not None else None
    if measurement is None or measurement.status is MeasurementStatus.FAILED:
        raise SystemExit(f"a profile failed: {measurement.reason if measurement else result}")
    return measurement


def summarised(rows: Sequence[Row]) -> dict[str, Any]:
    settled = [row for row in rows if position(row, rows) >= REMEMBERED]
    return {
        "machine": machine_facts().to_json(),
        "space": "edge-small",
        "input_spec": INPUT_SPEC.to_json(),
        "profiles": len(rows),
        "sessions": max(row.session for row in rows),
        "load": {"median": statistics.median(row.load for row in rows), "max": max(row.load for row in rows)},
        "overhead_s": spread([row.overhead_s for row in rows]),
        "profile_s": {"median": statistics.median(row.profile_s for row in rows)},
        "agent_bytes": memory([row.agent_bytes for row in rows], rows),
        "agent_bytes_once_answers_are_full": memory([row.agent_bytes for row in settled], settled),
        "runner_bytes": memory([row.runner_bytes for row in rows], rows),
    }


def position(row: Row, rows: Sequence[Row]) -> int:
    """Returns how many profiles of the same session came before."""
    return sum(other.session == row.session and other.number < row.number for other in rows)


def memory(held: Sequence[int], rows: Sequence[Row]) -> dict[str, float | None]:
    """Returns the median, and the slope in bytes per profile within sessions with its standard error."""
    if len(held) < 4:
        return {"median": None, "slope": None, "slope_stderr": None}
    sessions = np.array([row.session for row in rows])
    x, y = np.array([row.number for row in rows], dtype=float), np.array(held, dtype=float)
    for session in set(sessions):
        here = sessions == session
        x[here], y[here] = x[here] - x[here].mean(), y[here] - y[here].mean()
    spread = float((x**2).sum())
    slope = float((x * y).sum()) / spread
    freedom = len(x) - len(set(sessions)) - 1
    stderr = float(np.sqrt(((y - slope * x) ** 2).sum() / freedom / spread))
    return {"median": statistics.median(held), "slope": slope, "slope_stderr": stderr}


def known_rows(table: Path) -> list[Row]:
    if not table.exists():
        return []
    types = {"session": int, "number": int, "key": str, "agent_bytes": int, "runner_bytes": int}
    with table.open(newline="", encoding="utf-8") as file:
        return [
            Row(**{name: types.get(name, float)(text) for name, text in line.items()}) for line in csv.DictReader(file)
        ]


def write(rows: Sequence[Row], table: Path) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def as_markdown(summary: dict[str, Any]) -> str:
    machine, overhead = summary["machine"], summary["overhead_s"]
    lines = [
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['operating_system']}, Python "
        f"{machine['python']}, torch {machine['torch']}; load {summary['load']['median']:.1f} (median), at most "
        f"{summary['load']['max']:.1f}; {summary['profiles']} profiles in {summary['sessions']} session(s)",
        "",
        "| beyond the profile itself | ms |",
        "|---|---|",
        *(f"| {name} | {1e3 * overhead[name]:.1f} |" for name in ("min", "median", "p90", "max")),
        "",
        "| resident memory | median MB | slope, kB per profile |",
        "|---|---|---|",
    ]
    for name in ("agent_bytes", "agent_bytes_once_answers_are_full", "runner_bytes"):
        held = summary[name]
        if held["median"] is not None:
            slope = f"{held['slope'] / 1e3:+.2f} ± {held['slope_stderr'] / 1e3:.2f}"
            lines.append(f"| {name.replace('_', ' ')} | {held['median'] / 1e6:.1f} | {slope} |")
    lines += ["", f"A profile itself takes {summary['profile_s']['median']:.2f} s (median)."]
    again = summary["remembered_answers"]
    if again is not None:
        held = ", ".join(f"{held_bytes / 1e6:.1f}" for _, held_bytes in again["agent_bytes"])
        lines.append(
            f"{again['calls']} remembered answers: {1e3 * again['round_trip_s']['median']:.1f} ms each (median), 90 % "
            f"within {1e3 * again['round_trip_s']['p90']:.1f} ms; the agent held {held} MB, every {LOOK} calls."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
