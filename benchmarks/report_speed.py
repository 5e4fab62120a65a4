"""How long the report of a large campaign takes, and how large it is: of a synthetic one, where nothing was measured.

    python -m benchmarks.report_speed [--candidates 5000] [--repeats 5] [--results FOLDER]

The campaign is invented: costs follow from counts, errors from a formula with noise; its rows are as long as real ones.
Each repeat is a new process that does what `protran report` does, from its start to the file. Targets: at most 10 s and
15 MB for 5,000 candidates. Writes report_speed.csv (one row per repeat) and report_speed.json (machine and summary).
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from device_agents.environment import machine_facts
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.phase import Phase
from protran.campaign.problem import Device, Problem
from protran.campaign.work import training_of
from protran.config import config_from_arguments
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation, EvaluationStatus
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.sampling import SamplingMethod, sample

RESULTS = Path(__file__).parent / "results"
NAME, IDENTITY = "synthetic", "00000000synthetic"
MOST_S, MOST_BYTES = 10.0, 15e6
VERIFIED, BATCH, EPOCHS = 16, 64, 22


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        runs = Path(folder)
        began_s = time.perf_counter()
        make_campaign(runs, arguments.candidates)
        print(
            f"made {arguments.candidates} candidates in {time.perf_counter() - began_s:.0f} s (not counted)", flush=True
        )
        rows = [{"repeat": repeat, **report_once(runs)} for repeat in range(arguments.repeats)]
    write(arguments.results, arguments.candidates, rows)


def report_once(runs: Path) -> dict[str, float]:
    """Returns wall and processor seconds of one `protran report`, and the bytes of its file."""
    page = runs / "report.html"
    before, began_s = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "protran.cli.main", "report", NAME, "--runs", str(runs), "--out", str(page)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.perf_counter() - began_s, os.times()
    core_s = after.children_user + after.children_system - before.children_user - before.children_system
    row = {"wall_s": round(wall_s, 3), "core_s": round(core_s, 3), "bytes": page.stat().st_size}
    print(row, flush=True)
    return row


def make_campaign(runs: Path, count: int) -> None:
    """Writes a complete campaign of so many invented candidates into a ledger."""
    config = config_from_arguments({"name": NAME, "space": "edge-small", "task": "watch", "effort": "standard"})
    random = np.random.default_rng(0)
    with Ledger.open(runs / "ledger.sqlite") as ledger:
        record = ledger.create_campaign(NAME, write_charter(config, [Device("local", IDENTITY)]), 0)
        problem = read_charter(record.config)
        candidates = sample(problem.space, count, SamplingMethod.SOBOL, 0)
        seen = 0
        for number, start in enumerate(range(0, count, BATCH)):
            batch = candidates[start : start + BATCH]
            phase = Phase.SEED if number == 0 else Phase.SEARCH
            ledger.record_step(record.id, number, phase, batch, seen, _info())
            seen += _answer(ledger, problem, batch, random, 0, ((problem.low, (0,)),))
        best = sorted(candidates, key=lambda candidate: _error(problem, candidate))[:VERIFIED]
        ledger.record_step(record.id, math.ceil(count / BATCH), Phase.VERIFY, best, seen, _info())
        seeds = tuple(problem.verify_seeds)
        _answer(ledger, problem, best, random, 1, ((problem.full, seeds), (problem.refit, seeds)))
        ledger.set_phase(record.id, Phase.DONE)


def _info() -> dict[str, object]:
    return {"notes": {}, "promoted": [], "hurry": False, "elapsed_s": 0.0}


def _answer(
    ledger: Ledger,
    problem: Problem,
    candidates: Sequence[Candidate],
    random: np.random.Generator,
    repeat: int,
    trainings: Sequence[tuple[Fidelity, Sequence[int]]],
) -> int:
    """Asks and answers the work of a step; returns how many rows that made."""
    rows, campaign_id = 0, ledger.campaign(NAME).id
    for candidate in candidates:
        request = ProfileRequest(candidate, problem.input_spec, problem.workload, IDENTITY, repeat)
        ledger.request_profile(campaign_id, request)
        ledger.answer_profile(campaign_id, _measurement(problem, request, random))
        rows += 1
        for fidelity, seeds in trainings:
            for seed in seeds:
                training = training_of(problem, candidate, fidelity, seed)
                ledger.request_training(
                    campaign_id, training.training_key, training.to_json(), candidate=training.candidate
                )
                ledger.answer_training(campaign_id, _evaluation(problem, training.failed("invented"), random))
                rows += 1
    return rows


def _measurement(problem: Problem, request: ProfileRequest, random: np.random.Generator) -> Measurement:
    cost = count_candidate(request.candidate, problem.input_spec)
    latency_s = (1e-4 * float(cost.depth) + 1e-10 * float(cost.macs)) * math.exp(0.02 * random.standard_normal())
    values = {
        name: Value(latency_s, 0.01 * latency_s, Provenance.SIMULATED) for name in ("latency_s", "core_seconds")
    } | {"peak_rss_bytes": Value(1e6, None, Provenance.SIMULATED)}
    details = {"wall_s": 3.1, "model_s": 2.9, "clean_share": 0.98, "reference_ratio_stderr": 0.005, "pairs": 78.0}
    return Measurement(
        request.request_id,
        IDENTITY,
        MeasurementStatus.OK,
        values,
        flags=("contended",) if random.random() < 0.05 else (),
        blocks={"latency_ratio": tuple(random.random(12).tolist())},
        details=details,
        started_at="2026-01-01T00:00:00Z",
    )


def _error(problem: Problem, candidate: Candidate) -> float:
    return 0.05 + 1.0 / math.log(10 + float(count_candidate(candidate, problem.input_spec).parameters))


def _evaluation(problem: Problem, unscored: Evaluation, random: np.random.Generator) -> Evaluation:
    error = _error(problem, unscored.candidate) + 0.01 * random.standard_normal()
    curve = [error + 0.5 * math.exp(-epoch / 4) for epoch in range(EPOCHS)]
    refit = unscored.fidelity.refit
    history = [
        {
            "epoch": epoch + 1,
            "train_loss": 2 * level,
            "validation_loss": None if refit else 1.5 * level,
            "validation_accuracy": None if refit else 1 - level,
            "elapsed_s": 0.3 * epoch,
        }
        for epoch, level in enumerate(curve)
    ]
    metrics = {"test_accuracy": 1 - error - 0.02, **({} if refit else {"validation_accuracy": 1 - error})}
    payload = {
        **unscored.to_json(),
        "status": EvaluationStatus.OK.value,
        "reason": "",
        "metrics": metrics,
        "stderr": dict.fromkeys(metrics, 0.02),
        "train_s": 7.0,
        "epochs": EPOCHS,
        "details": {"history": history, "best_epoch": EPOCHS, "train_core_s": 6.9},
    }
    return Evaluation.from_json(payload)


def write(folder: Path, candidates: int, rows: list[dict[str, float]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "report_speed.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    worst_s, size = max(row["wall_s"] for row in rows), max(row["bytes"] for row in rows)
    summary = {
        "machine": machine_facts().to_json(),
        "synthetic": True,
        "candidates": candidates,
        "wall_s": {"median": statistics.median(row["wall_s"] for row in rows), "worst": worst_s, "target": MOST_S},
        "core_s": {"median": statistics.median(row["core_s"] for row in rows)},
        "bytes": {"worst": size, "target": MOST_BYTES},
        "met": worst_s <= MOST_S and size <= MOST_BYTES,
    }
    (folder / "report_speed.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
