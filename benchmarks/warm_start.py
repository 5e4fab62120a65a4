"""What a warm start is worth on `watch`: neighbours trained from new weights, and from those of their trained parent.

    python -m benchmarks.warm_start [--pairs 24] [--epochs N …] [--results FOLDER]

For each pair, numbered by its seed, a random candidate of edge-small (the parent) is trained for the epochs of a
campaign's low fidelity, then one of its neighbours, drawn at random, twice: from new weights, and with what it shares
with the parent copied. Both get the same number of epochs, the same recipe and the same seed.
Reported is the paired difference in validation accuracy, warm minus cold, with its standard error over pairs. The warm
model profits from its parent's epochs too: what is measured is what a trained neighbour, once there, is worth.

An interrupted benchmark resumes: pairs that the table has with the same epochs are not run again. Delete the table
after a change of the recipe, the space or the transfer.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.row_file import read_rows, write_rows
from device_agents.environment import machine_facts
from protran.fidelity import Fidelity
from protran.tasks.base import TaskData
from protran.tasks.watch import WatchTask
from protran.training.fidelity import fidelities
from protran.training.outcome import TrainingOutcome
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.models.transfer import transfer
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

RESULTS = Path(__file__).parent / "results"
RECIPE = Recipe()


@dataclass(frozen=True)
class Pair:
    """One parent and one neighbour: how well they did."""

    seed: int
    epochs: int
    parent: str
    neighbour: str
    parameters: int
    share: float
    parent_accuracy: float
    cold_accuracy: float
    warm_accuracy: float
    elapsed_s: float

    @property
    def difference(self) -> float:
        """What the warm start adds to the accuracy."""
        return self.warm_accuracy - self.cold_accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--epochs", type=int, nargs="+", default=[2, 4, 8], help="of the neighbours; one table each")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    data, space, table = WatchTask().load(), load_space("edge-small"), arguments.results / "warm_start.csv"
    parent_epochs = fidelities(len(data.train), len(data.validation)).low.epochs
    known = {(pair.epochs, pair.seed): pair for pair in read_rows(Pair, table)}
    for epochs, seed in itertools.product(arguments.epochs, range(arguments.pairs)):
        if (epochs, seed) not in known:
            pair = known[epochs, seed] = run(seed, data, Fidelity(parent_epochs), Fidelity(epochs), space)
            write_rows(Pair, [known[key] for key in sorted(known)], table)
            print(f"{epochs} epochs, pair {seed}: {pair.difference:+.3f}", file=sys.stderr, flush=True)
    tables = [[known[epochs, seed] for seed in range(arguments.pairs)] for epochs in arguments.epochs]
    write_summaries([summarise(pairs) for pairs in tables], table.with_suffix(".json"))
    for pairs in tables:
        print(as_markdown(pairs, summarise(pairs)), end="\n\n")


def run(seed: int, data: TaskData, parent_fidelity: Fidelity, fidelity: Fidelity, space: DesignSpace) -> Pair:
    """Returns the pair of this seed, trained three times."""
    began_s = time.perf_counter()
    (parent,) = sample(space, 1, SamplingMethod.RANDOM, seed)
    (neighbour,) = neighbors(space, parent, np.random.default_rng(seed), 1)
    source, target = parent.architecture, neighbour.architecture
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "parent.safetensors"
        first = train(source, data, RECIPE, parent_fidelity, seed, weights_path=weights)
        trained, _ = load_weights(weights, source, data.input_spec)
    shares: list[float] = []
    cold = train(target, data, RECIPE, fidelity, seed)
    warm = train(
        target,
        data,
        RECIPE,
        fidelity,
        seed,
        start=lambda model: shares.append(transfer(trained, source, model, target)),
    )
    return Pair(
        seed=seed,
        epochs=fidelity.epochs,
        parent=source.key,
        neighbour=target.key,
        parameters=cold.parameters,
        share=shares[0],
        parent_accuracy=accuracy_of(first),
        cold_accuracy=accuracy_of(cold),
        warm_accuracy=accuracy_of(warm),
        elapsed_s=time.perf_counter() - began_s,
    )


def accuracy_of(outcome: TrainingOutcome) -> float:
    return outcome.metrics["validation_accuracy"]


def summarise(pairs: list[Pair]) -> dict[str, Any]:
    differences = [pair.difference for pair in pairs]
    stderr = statistics.stdev(differences) / math.sqrt(len(pairs)) if len(pairs) > 1 else None
    return {
        "pairs": len(pairs),
        "seeds": [pair.seed for pair in pairs],
        "epochs": pairs[0].epochs,
        "mean_share_copied": statistics.fmean(pair.share for pair in pairs),
        "mean_cold_accuracy": statistics.fmean(pair.cold_accuracy for pair in pairs),
        "mean_warm_accuracy": statistics.fmean(pair.warm_accuracy for pair in pairs),
        "mean_difference": statistics.fmean(differences),
        "stderr_of_difference": stderr,
        "pairs_where_warm_is_better": sum(difference > 0 for difference in differences),
        "pairs_where_equal": sum(difference == 0 for difference in differences),
    }


def write_summaries(summaries: list[dict[str, Any]], path: Path) -> None:
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    epochs = " ".join(str(summary["epochs"]) for summary in summaries)
    command = f"python -m benchmarks.warm_start --pairs {summaries[0]['pairs']} --epochs {epochs}"
    content = {"command": command, "machine": facts, "summaries": summaries}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def as_markdown(pairs: list[Pair], summary: dict[str, Any]) -> str:
    facts = machine_facts().to_json()
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {summary['pairs']} pairs, {summary['epochs']} epochs.",
        "",
        "| seed | parameters | share copied | parent | cold | warm | warm - cold |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {p.seed} | {p.parameters} | {p.share:.2f} | {p.parent_accuracy:.3f} | {p.cold_accuracy:.3f} "
        f"| {p.warm_accuracy:.3f} | {p.difference:+.3f} |"
        for p in pairs
    ]
    stderr, better = summary["stderr_of_difference"], summary["pairs_where_warm_is_better"]
    lines += [
        "",
        f"Validation accuracy, warm minus cold: {summary['mean_difference']:+.4f}"
        + ("" if stderr is None else f" ± {stderr:.4f} (standard error over pairs)")
        + f"; warm is better in {better} of {len(pairs)} pairs, equal in {summary['pairs_where_equal']}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
