"""Tiny texts, models and checkpoints, and stand-ins for what measures."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from protran.studies.models.contestants import Contestant
from protran.studies.models.entrants import enter
from protran.studies.models.logs import StudyRows
from protran.studies.models.plan import ModelsPlan
from protran.studies.models.rows import OK, RestingRow, ScoreRow, TimingRow, TrainingRow
from protran.studies.models.study import Means
from protran.studies.texts import Documents, TextData
from search_spaces.candidate import Architecture, HeadKind, Layer

pytest.importorskip("tokenizers", reason="tokenizers (the extra `text`) is not installed")

LABELS = ("red", "blue", "green")
WORDS = {0: "crimson rose ruby", 1: "navy sky azure", 2: "lime grass olive"}
HIDDEN, HEADS, SIZE, POSITIONS = 8, 2, 16, 32
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def documents(count: int, *, several: bool = True) -> Documents:
    """Documents whose words say their labels; they differ in length."""
    labels = [(row % 3,) if not several or row % 2 else tuple(sorted({row % 3, (row + 1) % 3})) for row in range(count)]
    texts = [" ".join(WORDS[label] for label in found) + " and so on" * (row % 4) for row, found in enumerate(labels)]
    return Documents(tuple(texts), tuple(labels))


@pytest.fixture
def make_texts():
    """Makes a data set of words that say their labels."""

    def make(several: bool = True, train: int = 24) -> TextData:
        sets = [documents(count, several=several) for count in (train, 9, 12)]
        return TextData(*sets, label_names=LABELS, rows=45, multi_label=several)

    return make


@pytest.fixture
def texts(make_texts):
    return make_texts()


@pytest.fixture
def architecture():
    return Architecture((Layer(HIDDEN, (HeadKind.SCALED_DOT_PRODUCT,) * HEADS, (SIZE,)),) * 2)


@pytest.fixture
def no_package(monkeypatch):
    """Hides the package that carries MiniLM."""
    monkeypatch.setattr("protran.studies.models.contestants.PACKAGE", "no-such-package-anywhere")


@pytest.fixture
def write_checkpoint():
    """Writes published weights as `transformers` lays them out, with a vocabulary of a few words."""

    def write(folder, depth: int = 2, words: tuple[str, ...] = ("crimson", "navy", "lime")):
        folder.mkdir(parents=True)
        vocabulary = [*SPECIAL, *words]
        config = {
            "model_type": "bert",
            "hidden_size": HIDDEN,
            "num_attention_heads": HEADS,
            "num_hidden_layers": depth,
            "intermediate_size": SIZE,
            "max_position_embeddings": POSITIONS,
            "vocab_size": len(vocabulary),
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
        save_file(_tensors(depth, len(vocabulary)), folder / "model.safetensors")
        return folder

    return write


def _tensors(depth: int, words: int) -> dict[str, torch.Tensor]:
    shapes = {
        "embeddings.word_embeddings.weight": (words, HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    norms, linears = ["embeddings.LayerNorm"], {}
    for number in range(depth):
        place = f"encoder.layer.{number}."
        linears |= {f"{place}attention.self.{name}": (HIDDEN, HIDDEN) for name in ("query", "key", "value")}
        linears |= {f"{place}attention.output.dense": (HIDDEN, HIDDEN)}
        linears |= {f"{place}intermediate.dense": (SIZE, HIDDEN), f"{place}output.dense": (HIDDEN, SIZE)}
        norms += [f"{place}attention.output.LayerNorm", f"{place}output.LayerNorm"]
    generator = torch.Generator().manual_seed(0)
    tensors = {name: torch.randn(shape, generator=generator) * 0.1 for name, shape in shapes.items()}
    for name, shape in linears.items():
        tensors[f"{name}.weight"] = torch.randn(shape, generator=generator) * 0.1
        tensors[f"{name}.bias"] = torch.zeros(shape[0])
    for name in norms:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = torch.ones(HIDDEN), torch.zeros(HIDDEN)
    return tensors


@pytest.fixture
def make_plan(architecture):
    """Makes a plan of one small model that is trained from scratch."""

    def make(**fields) -> ModelsPlan:
        usual = {"length": 16, "scratch_epochs": 2, "repeats": 1, "batches": (1, 2), "lengths": (8,)}
        contestants = fields.pop("contestants", (Contestant("small", architecture),))
        return ModelsPlan(contestants, **{**usual, **fields})

    return make


@pytest.fixture
def make_entrants(make_plan, texts, tmp_path, no_package):
    """Makes the plan's models ready, with a vocabulary that is learned."""
    return lambda plan=None, data=None: enter(plan or make_plan(), data or texts, tmp_path / "study")


def measurement(latency_s: float = 0.002, **fields) -> Measurement:
    values = {
        "latency_s": Value(latency_s, latency_s / 100, Provenance.MEASURED_COUNTER),
        "core_seconds": Value(latency_s, None, Provenance.MEASURED_COUNTER),
        "memory_bytes": Value(40_000.0, 0.0, Provenance.EXACT),
    }
    return Measurement("r", "d", **{"status": MeasurementStatus.OK, "values": values, **fields})


@pytest.fixture
def make_means():
    """Makes stand-ins for what measures, and notes what they were asked."""

    def make(observer=None, **fields):
        asked = []

        def measure(candidate, spec, workload):
            asked.append((candidate.deployment, spec.length, workload.batch_size))
            return measurement(0.001 * workload.batch_size * spec.length)

        usual = {
            "measure": measure,
            "resting": lambda payload: {"pss_bytes": 1000, "running_bytes": 1500},
            "observer": observer,
        }
        return SimpleNamespace(means=Means(**{**usual, **fields}), asked=asked)

    return make


@pytest.fixture
def make_rows():
    """Makes the rows of a study by hand: every form scored, timed and at rest, each with a figure of its own."""

    def make(plan, entrants, **changes):
        return StudyRows(
            tuple(_training(entrant, repeat) for entrant in entrants for repeat in range(entrant.repeats)),
            tuple(
                _score(entrant, repeat, number, form, changes)
                for entrant in entrants
                for repeat in range(entrant.repeats)
                for number, form in enumerate(plan.forms)
            ),
            tuple(
                RestingRow(
                    **_of(entrant), form=form.name, status=OK, weights_bytes=800, pss_bytes=1000.0, running_bytes=1500.0
                )
                for entrant in entrants
                for form in plan.forms
            ),
            tuple(
                _timing(entrant, number, form, point)
                for entrant in entrants
                for number, form in enumerate(plan.forms)
                for point in plan.points()
            ),
        )

    return make


def _of(entrant):
    return {"model": entrant.contestant.name, "key": entrant.key}


def _training(entrant, repeat):
    seconds = {"train_s": 10.0 + 2 * repeat, "train_core_s": 20.0}
    return TrainingRow(**_of(entrant), repeat=repeat, seed=repeat, status=OK, **seconds, parameters=1000)


def _score(entrant, repeat, number, form, changes):
    figures = {
        "documents": 100,
        "subset_accuracy": 0.8 - 0.1 * number,
        "subset_accuracy_stderr": 0.01,
        "label_accuracy": 0.95,
        "micro_f1": 0.7,
        "macro_f1": 0.6 - 0.05 * number + 0.01 * repeat,
        "macro_f1_stderr": 0.02,
        "size_bytes": 4000 if number < 2 else 1000,
        "infer_s": 2.0,
        "infer_core_s": 1.0 / (1 + number),
    }
    return ScoreRow(**_of(entrant), repeat=repeat, form=form.name, status=OK, **{**figures, **changes})


def _timing(entrant, number, form, point):
    latency_s = 0.001 * point.batch * point.length / (1 + number)
    figures = {"latency_s": latency_s, "latency_stderr_s": latency_s / 50, "memory_bytes": 5000.0, "flags": ""}
    place = {"length": point.length, "batch": point.batch, "provenance": "measured-counter"}
    return TimingRow(**_of(entrant), form=form.name, status=OK, **place, **figures)
