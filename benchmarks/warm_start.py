"""What a warm start is worth on `watch`: neighbours trained from new weights, and from those of their trained parent.

    python -m benchmarks.warm_start [--pairs 24] [--epochs N] [--results FOLDER]

For each pair, numbered by its seed, a random candidate of edge-small (the parent) is trained, then one of its
neighbours, drawn at random, twice: from new weights, and with what it shares with the parent copied. All three get the
same number of epochs (those of a campaign's low fidelity, if not told otherwise), the same recipe and the same seed.
Reported is the paired difference in validation accuracy, warm minus cold, with its standard error over pairs. The warm
model profits from its parent's epochs too: what is measured is what a trained neighbour, once there, is worth.

An interrupted benchmark resumes: pairs that the table has with the same epochs are not run again. Delete the table
after a change of the recipe, the space or the transfer.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from device_agents.environment import machine_facts
from protran.tasks.base import TaskData, Windows
from protran.tasks.watch import WatchTask
from protran.training.augmentation import augment
from protran.training.averaging import AveragedWeights
from protran.training.fidelity import fidelities
from protran.training.normalisation import Normalisation
from protran.training.recipe import Recipe, learning_rate_at
from search_spaces.candidate import Architecture
from search_spaces.models import EncoderModel, build_model
from search_spaces.models.transfer import transfer
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

RESULTS = Path(__file__).parent / "results"
RECIPE = Recipe()
EVALUATION_BATCH = 512


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


class Trainer:
    """Trains as a campaign does (`protran.training.train`), but hands the model out and takes a start."""

    def __init__(self, data: TaskData, epochs: int) -> None:
        self.data, self.epochs = data, epochs
        self.normalisation = Normalisation.fit(data.train.signals, data.axes)
        self.inputs, self.labels = self._tensors(data.train)
        self.validation = self._tensors(data.validation)
        self.batches = max(1, len(self.labels) // RECIPE.batch_size)

    def train(
        self, architecture: Architecture, seed: int, start: Callable[[EncoderModel], object] | None = None
    ) -> tuple[EncoderModel, float]:
        """Returns the averaged weights of the epoch with the lowest validation loss, and their accuracy."""
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = build_model(architecture, self.data.input_spec, dropout=RECIPE.dropout)
        if start is not None:
            start(model)
        averaged = AveragedWeights(model, RECIPE.averaging)
        optimizer = torch.optim.AdamW(parameter_groups(model), lr=RECIPE.learning_rate, fused=True)
        hidden = max(layer.hidden for layer in architecture.layers)
        best, accuracy = math.inf, 0.0
        for step in range(self.batches * self.epochs):
            if step % self.batches == 0:
                model.train()
                batches = torch.randperm(len(self.labels), generator=generator).tensor_split(self.batches)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(step, self.batches * self.epochs, RECIPE, hidden)
            self._step(model, optimizer, batches[step % self.batches], generator)
            averaged.update(step)
            if (step + 1) % self.batches == 0:
                loss, reached = self._validate(averaged.model)
                if loss < best:
                    best, accuracy = loss, reached
                    averaged.keep()
        averaged.restore_kept()
        return cast("EncoderModel", averaged.model), accuracy

    def _step(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, batch: Tensor, generator: torch.Generator
    ) -> None:
        inputs = augment(self.inputs[batch], RECIPE, self.data.axes, generator)
        loss = nn.functional.cross_entropy(model(inputs), self.labels[batch], label_smoothing=RECIPE.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), RECIPE.gradient_clip, foreach=True)
        optimizer.step()

    @torch.inference_mode()
    def _validate(self, model: nn.Module) -> tuple[float, float]:
        inputs, labels = self.validation
        logits = torch.cat([model(part) for part in torch.split(inputs, EVALUATION_BATCH)])
        accuracy = (logits.argmax(1) == labels).float().mean().item()
        return nn.functional.cross_entropy(logits, labels).item(), accuracy

    def _tensors(self, windows: Windows) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self.normalisation.apply(windows.signals)), torch.from_numpy(windows.labels)


def parameter_groups(model: nn.Module) -> list[dict[str, Any]]:
    """Splits off what must not decay, as `protran.training.train` does."""
    decays = {name: p.dim() >= 2 and "position" not in name for name, p in model.named_parameters()}
    groups = [[p for name, p in model.named_parameters() if decays[name] is wanted] for wanted in (True, False)]
    return [{"params": groups[0], "weight_decay": RECIPE.weight_decay}, {"params": groups[1], "weight_decay": 0.0}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--epochs", type=int, help="of each training (default: those of the low fidelity)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = WatchTask().load()
    epochs = arguments.epochs or fidelities(len(data.train)).low.epochs
    trainer, space, table = Trainer(data, epochs), load_space("edge-small"), arguments.results / "warm_start.csv"
    known = {(pair.epochs, pair.seed): pair for pair in read(table)}
    for seed in range(arguments.pairs):
        if (epochs, seed) not in known:
            pair = known[epochs, seed] = run(seed, trainer, space)
            write([known[key] for key in sorted(known)], table)
            print(f"pair {seed}: {pair.difference:+.3f}", file=sys.stderr, flush=True)
    pairs = [known[epochs, seed] for seed in range(arguments.pairs)]
    summary = summarise(pairs)
    write_summary(summary, table.with_suffix(".json"))
    print(as_markdown(pairs, summary))


def run(seed: int, trainer: Trainer, space: DesignSpace) -> Pair:
    """Returns the pair of this seed, trained three times."""
    began_s = time.perf_counter()
    (parent,) = sample(space, 1, SamplingMethod.RANDOM, seed)
    (neighbour,) = neighbors(space, parent, np.random.default_rng(seed), 1)
    source, target = parent.architecture, neighbour.architecture
    trained, parent_accuracy = trainer.train(source, seed)
    shares: list[float] = []
    _, cold = trainer.train(target, seed)
    _, warm = trainer.train(target, seed, lambda model: shares.append(transfer(trained, source, model, target)))
    return Pair(
        seed=seed,
        epochs=trainer.epochs,
        parent=source.key,
        neighbour=target.key,
        parameters=sum(parameter.numel() for parameter in build_model(target, trainer.data.input_spec).parameters()),
        share=shares[0],
        parent_accuracy=parent_accuracy,
        cold_accuracy=cold,
        warm_accuracy=warm,
        elapsed_s=time.perf_counter() - began_s,
    )


def read(table: Path) -> list[Pair]:
    """Returns the finished pairs of an earlier run."""
    if not table.exists():
        return []
    kinds = {"parent": str, "neighbour": str, "seed": int, "epochs": int, "parameters": int}
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [Pair(**{name: kinds.get(name, float)(value) for name, value in row.items()}) for row in rows]


def write(pairs: list[Pair], table: Path) -> None:
    """Writes the pairs whole or not at all: a benchmark that is stopped keeps its table."""
    table.parent.mkdir(parents=True, exist_ok=True)
    partial = table.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Pair)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in pairs)
    partial.replace(table)


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


def write_summary(summary: dict[str, Any], path: Path) -> None:
    facts = {**machine_facts().to_json(), "python": platform.python_version()}
    command = f"python -m benchmarks.warm_start --pairs {summary['pairs']} --epochs {summary['epochs']}"
    content = {"command": command, "machine": facts, "summary": summary}
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
