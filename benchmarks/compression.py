"""What compression costs and saves on `watch`: one trained model, quantised and pruned in every way.

    python -m benchmarks.compression [--seeds 3] [--epochs N] [--results FOLDER]

For each seed one model is trained (as a campaign's full fidelity does, if not told otherwise) and then deployed in
every way. Accuracies are those on people whom no training saw: validation and test. Files of torch's rows are
safetensors, those of onnxruntime's rows ONNX. Latency, batch 1 and one thread, is that of the same shapes with random
weights, except for unstructured sparsity, where the model of seed 0 is timed: alternately with the fp32 model of the
same runtime, and with that of torch. Ratios below 1 are faster. Nothing is chosen here, and so not by test people.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from device_agents.clock import SystemClock
from device_agents.environment import machine_facts
from device_agents.procedure import LatencyPass
from device_agents.runner import onnx_runtime, torch_runtime
from device_agents.sampler import Subject
from device_agents.sampling_plan import LatencyPlan
from device_agents.statistics import Estimate
from device_agents.workload import Workload
from protran.fidelity import Fidelity
from protran.tasks.base import TaskData
from protran.tasks.watch import WatchTask
from protran.training.compress import fine_tune
from protran.training.fidelity import fidelities
from protran.training.predictor import Predictor, score, torch_predictor
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights, save_weights
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.input_spec import InputSpec
from search_spaces.models import EncoderModel, example_input
from search_spaces.models.onnx import INPUTS, export_onnx
from search_spaces.models.quantize import quantise
from search_spaces.models.transforms import PruneNorm, prune, sparsify
from search_spaces.pruning import deployed_architecture

RESULTS = Path(__file__).parent / "results"
RECIPE = Recipe()
HEADS = (HeadKind.SCALED_DOT_PRODUCT,) * 4 + (HeadKind.CONVOLUTION_9,) * 2 + (HeadKind.FOURIER,) * 2
ARCHITECTURE = Architecture((Layer(96, HEADS, (192,)),) * 2)
SPARSITIES = (0.25, 0.5)
CALIBRATION_WINDOWS, CALIBRATION_BATCH = 256, 64
TORCH, ONNX = Deployment(), Deployment(runtime=Runtime.ONNXRUNTIME)
DYNAMIC = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
STATIC = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)


@dataclass(frozen=True)
class Row:
    """One seed's model in one form."""

    seed: int
    form: str
    parameters: int
    file_bytes: int
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Ratio:
    """One form's latency over that of the fp32 models, with standard errors."""

    form: str
    same_runtime: float
    same_runtime_stderr: float
    torch: float
    torch_stderr: float


class Compressor:
    """Trains one seed's model and compresses it."""

    def __init__(self, data: TaskData, fidelity: Fidelity, seed: int, folder: Path) -> None:
        self.data, self.fidelity, self.seed, self.folder = data, fidelity, seed, folder
        weights = folder / "trained.safetensors"
        train(ARCHITECTURE, data, RECIPE, fidelity, seed, weights_path=weights)
        self.model, self.normalisation = load_weights(weights, ARCHITECTURE, data.input_spec)

    def rows(self) -> Iterator[Row]:
        """Yields the model in every form, with its scores."""
        yield self._torch("fp32, torch", self.model)
        yield from self._onnx("", ARCHITECTURE, self.model)
        for sparsity in SPARSITIES:
            for norm in PruneNorm:
                yield from self._pruned(sparsity, norm)
        for norm in PruneNorm:
            yield self._torch(f"unstructured 50 %, {norm.value}", sparsify(self.model, 0.5, norm))

    def _pruned(self, sparsity: float, norm: PruneNorm) -> Iterator[Row]:
        candidate, name = pruned_candidate(sparsity), f"pruned {100 * sparsity:.0f} %, {norm.value}"
        pruned = prune(self.model, candidate, norm)
        yield self._torch(name, pruned)
        tuned, _ = fine_tune(pruned, candidate, self.data, RECIPE, self.fidelity, self.seed)
        yield self._torch(f"{name}, tuned", tuned)
        if norm is PruneNorm.L2:
            yield from self._onnx(f"{name}, tuned, ", deployed_architecture(candidate), tuned)

    def _torch(self, form: str, model: EncoderModel) -> Row:
        path = self.folder / "form.safetensors"
        save_weights(model, self.normalisation, path)
        return self._row(form, model, path, torch_predictor(model.eval()))

    def _onnx(self, prefix: str, architecture: Architecture, model: EncoderModel) -> Iterator[Row]:
        exported = self.folder / "fp32.onnx"
        export_onnx(model, exported, architecture=architecture)
        yield self._row(f"{prefix}fp32, onnxruntime", model, exported, onnx_predictor(exported))
        for precision in (Precision.INT8_DYNAMIC, Precision.INT8_STATIC):
            path = self.folder / "int8.onnx"
            quantise(exported, path, precision=precision, calibration=self._calibration())
            yield self._row(f"{prefix}{precision.value}", model, path, onnx_predictor(path))

    def _calibration(self) -> list[np.ndarray]:
        chosen = np.random.default_rng(self.seed).permutation(len(self.data.train))[:CALIBRATION_WINDOWS]
        signals = self.normalisation.apply(self.data.train.signals[chosen])
        return [signals[place : place + CALIBRATION_BATCH] for place in range(0, len(signals), CALIBRATION_BATCH)]

    def _row(self, form: str, model: EncoderModel, path: Path, predict: Predictor) -> Row:
        sets = (self.data.validation, self.data.test)
        classes = len(self.data.classes)
        scores = [score(predict, part, self.normalisation, classes).accuracy.value for part in sets]
        parameters = sum(parameter.numel() for parameter in model.parameters())
        return Row(self.seed, form, parameters, path.stat().st_size, *scores)


def pruned_candidate(sparsity: float, deployment: Deployment = TORCH) -> Candidate:
    layers = (LayerDeployment(sparsity, sparsity),) * len(ARCHITECTURE.layers)
    return Candidate(ARCHITECTURE, Deployment(deployment.precision, deployment.runtime, layers=layers))


def onnx_predictor(path: Path) -> Predictor:
    """Windows are answered one by one, as on a device: dynamic ranges then are those of one window."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(inputs: torch.Tensor) -> torch.Tensor:
        answers = [session.run(None, {INPUTS: window.numpy()})[0] for window in inputs.split(1)]
        return torch.from_numpy(np.concatenate(answers))

    return predict


def latencies(sparse: dict[str, EncoderModel], spec: InputSpec) -> list[Ratio]:
    """Returns the ratios of every form that differs in time; of the fp32 models with themselves, for comparison."""
    torch_fp32, onnx_fp32 = subject(Candidate(ARCHITECTURE, TORCH), spec), subject(Candidate(ARCHITECTURE, ONNX), spec)
    forms: dict[str, tuple[Subject, Subject]] = {
        "fp32, torch": (subject(Candidate(ARCHITECTURE, TORCH), spec), torch_fp32),
        "fp32, onnxruntime": (subject(Candidate(ARCHITECTURE, ONNX), spec), onnx_fp32),
        "int8-dynamic": (subject(Candidate(ARCHITECTURE, DYNAMIC), spec), onnx_fp32),
        "int8-static": (subject(Candidate(ARCHITECTURE, STATIC), spec), onnx_fp32),
    }
    for sparsity in SPARSITIES:
        name = f"pruned {100 * sparsity:.0f} %"
        forms[name] = (subject(pruned_candidate(sparsity), spec), torch_fp32)
        for label, deployment in (("fp32, onnxruntime", ONNX), ("int8-dynamic", DYNAMIC), ("int8-static", STATIC)):
            forms[f"{name}, {label}"] = (subject(pruned_candidate(sparsity, deployment), spec), onnx_fp32)
    for name, model in sparse.items():
        forms[name] = (subject_of(model, spec), torch_fp32)
    found = []
    for form, (candidate, same) in forms.items():
        near, far = paired(candidate, same), paired(candidate, torch_fp32)
        found.append(Ratio(form, near.value, near.stderr, far.value, far.stderr))
        print(f"latency of {form}: {near.value:.3f} ± {near.stderr:.3f}", file=sys.stderr, flush=True)
    return found


def subject(candidate: Candidate, spec: InputSpec) -> Subject:
    runtime = onnx_runtime if candidate.deployment.runtime is Runtime.ONNXRUNTIME else torch_runtime
    return runtime.load_subject(candidate, spec, Workload())


def subject_of(model: EncoderModel, spec: InputSpec) -> Subject:
    window = example_input(spec, 1, torch_runtime.INPUT_SEED)
    return Subject(torch.inference_mode()(partial(model.eval(), window)))


def paired(candidate: Subject, reference: Subject) -> Estimate:
    return LatencyPass(SystemClock(), LatencyPlan(), random.Random(0)).paired(candidate, reference).ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="of each training (default: those of the full fidelity)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = WatchTask().load()
    full = fidelities(len(data.train), len(data.validation)).full
    fidelity = Fidelity(arguments.epochs or full.epochs)
    rows: list[Row] = []
    sparse: dict[str, EncoderModel] = {}
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            compressor = Compressor(data, fidelity, seed, Path(folder))
            for row in compressor.rows():
                rows.append(row)
                print(f"seed {seed}, {row.form}: {row.test_accuracy:.3f}", file=sys.stderr, flush=True)
        if not sparse:
            sparse = {f"unstructured 50 %, {n.value}": sparsify(compressor.model, 0.5, n) for n in PruneNorm}
    ratios = latencies(sparse, data.input_spec)
    write(rows, ratios, fidelity.epochs, arguments.results / "compression.csv")
    print(as_markdown(rows, ratios, fidelity.epochs))


def write(rows: list[Row], ratios: list[Ratio], epochs: int, table: Path) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    seeds = sorted({row.seed for row in rows})
    content = {
        "command": f"python -m benchmarks.compression --seeds {len(seeds)} --epochs {epochs}",
        "machine": {**machine_facts().to_json(), "python": platform.python_version()},
        "architecture": ARCHITECTURE.to_json(),
        "latency": [asdict(ratio) for ratio in ratios],
        "forms": summarise(rows),
    }
    table.with_suffix(".json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def summarise(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Returns each form's means over seeds, and its file's size over that of the fp32 model's file of the same kind."""
    by_form: dict[str, list[Row]] = {}
    for row in rows:
        by_form.setdefault(row.form, []).append(row)
    sizes = {form: statistics.fmean(row.file_bytes for row in found) for form, found in by_form.items()}
    summary = {}
    for form, found in by_form.items():
        onnx = "onnxruntime" in form or "int8" in form
        whole = sizes["fp32, onnxruntime" if onnx else "fp32, torch"]
        accuracies = [[getattr(row, f"{part}_accuracy") for row in found] for part in ("validation", "test")]
        summary[form] = {
            "parameters": found[0].parameters,
            "file_bytes": sizes[form],
            "file_share": sizes[form] / whole,
            "validation_accuracy": statistics.fmean(accuracies[0]),
            "test_accuracy": statistics.fmean(accuracies[1]),
            "test_deviation": statistics.stdev(accuracies[1]) if len(found) > 1 else None,
        }
    return summary


def as_markdown(rows: list[Row], ratios: list[Ratio], epochs: int) -> str:
    facts, seeds = machine_facts().to_json(), len({row.seed for row in rows})
    lines = [
        f"Machine: {facts['processor']}, {facts['cores']} cores; {seeds} seeds, {epochs} epochs.",
        "",
        "| form | parameters | file, bytes | share of fp32 | validation accuracy | test accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for form, found in summarise(rows).items():
        spread = "" if found["test_deviation"] is None else f" ± {found['test_deviation']:.3f}"
        lines.append(
            f"| {form} | {found['parameters']} | {found['file_bytes']:.0f} | {found['file_share']:.1%} "
            f"| {found['validation_accuracy']:.3f} | {found['test_accuracy']:.3f}{spread} |"
        )
    lines += ["", "| latency of | over fp32, same runtime | over fp32, torch |", "|---|---|---|"]
    lines += [
        f"| {r.form} | {r.same_runtime:.3f} ± {r.same_runtime_stderr:.3f} | {r.torch:.3f} ± {r.torch_stderr:.3f} |"
        for r in ratios
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
