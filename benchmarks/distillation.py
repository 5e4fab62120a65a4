"""Whether small models learn more from a large one than from labels alone, on `watch`.

    python -m benchmarks.distillation [--seeds 2] [--weight 0.5] [--temperature 2] [--rows FILE.csv]

One teacher is trained as a campaign's full fidelity does; then each student, with and without it. Differences are
paired by student and seed. A benchmark that is stopped goes on from its rows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from device_agents.environment import machine_facts
from protran.studies.row_log import RowLog
from protran.tasks.base import TaskData
from protran.tasks.watch import WatchTask
from protran.training.distillation import Teacher
from protran.training.fidelity import fidelities
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Architecture, HeadKind, Layer

ROWS = Path("runs/distillation/rows.csv")
_HEADS = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.CONVOLUTION_5)
TEACHER = Architecture((Layer(64, (_HEADS[0], _HEADS[0], _HEADS[1], _HEADS[1]), (128,)),) * 3)
STUDENTS = {
    "1x8": Architecture((Layer(8, _HEADS, (16,)),)),
    "1x16": Architecture((Layer(16, _HEADS, (16,)),)),
    "2x16": Architecture((Layer(16, _HEADS, (32,)),) * 2),
}


@dataclass(frozen=True)
class Row:
    """One training; weight 0 is a training from labels alone."""

    student: str
    weight: float
    temperature: float
    seed: int
    parameters: int
    validation_accuracy: float
    test_accuracy: float
    train_core_s: float


def main() -> None:
    """Trains what is missing, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--weight", type=float, default=0.5)
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--rows", type=Path, default=ROWS)
    asked = parser.parse_args()
    data = WatchTask().load()
    with RowLog(Row, asked.rows) as log:
        for seed in range(1, asked.seeds + 1):
            for name in STUDENTS:
                for weight in (0.0, asked.weight):
                    temperature = asked.temperature if weight else 0.0
                    if (name, weight, temperature, seed) not in {
                        (r.student, r.weight, r.temperature, r.seed) for r in log.rows
                    }:
                        log.append(row(data, name, weight, temperature, seed, asked.rows.parent))
                        print(log.rows[-1], file=sys.stderr, flush=True)
        print(as_markdown(log.rows, asked.weight, asked.temperature))


def row(data: TaskData, name: str, weight: float, temperature: float, seed: int, folder: Path) -> Row:
    """Returns one training of a student."""
    full = fidelities(len(data.train), len(data.validation)).full
    recipe = Recipe(distillation=weight, temperature=temperature) if weight else Recipe()
    taught = teacher(data, folder) if weight else None
    outcome = train(STUDENTS[name], data, recipe, full, seed, teacher=taught)
    scores = outcome.metrics
    return Row(
        name,
        weight,
        temperature,
        seed,
        outcome.parameters,
        scores["validation_accuracy"],
        scores["test_accuracy"],
        outcome.train_core_s,
    )


def teacher(data: TaskData, folder: Path) -> Teacher:
    """Returns the teacher; trained once."""
    path = folder / "teacher.safetensors"
    if not path.exists():
        full = fidelities(len(data.train), len(data.validation)).full
        partial = path.with_suffix(".partial")
        train(TEACHER, data, Recipe(), full, 0, weights_path=partial)
        partial.replace(path)
    return Teacher(*load_weights(path, TEACHER, data.input_spec))


def as_markdown(rows: list[Row], weight: float, temperature: float) -> str:
    """Returns the table: means and standard deviations, and the paired change with its standard error."""
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {len({r.seed for r in rows})} seeds.",
        "",
        "| score | labels | taught | paired change |",
        "|---|---|---|---|",
    ]
    alone = {(r.student, r.seed): r for r in rows if r.weight == 0.0}
    taught = {(r.student, r.seed): r for r in rows if (r.weight, r.temperature) == (weight, temperature)}
    pairs = [(alone[key], taught[key]) for key in sorted(alone.keys() & taught.keys())]
    for score in ("validation_accuracy", "test_accuracy"):
        before = [getattr(one, score) for one, _ in pairs]
        after = [getattr(other, score) for _, other in pairs]
        change = [b - a for a, b in zip(before, after, strict=True)]
        error = statistics.stdev(change) / len(change) ** 0.5
        cells = [f"{statistics.fmean(each):.3f} ± {statistics.stdev(each):.3f}" for each in (before, after)]
        lines.append(f"| {score} | {cells[0]} | {cells[1]} | {statistics.fmean(change):+.3f} ± {error:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
