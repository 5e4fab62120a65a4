"""Counted costs against torch: its parameters, its FLOP counter, the operators that it runs."""

import random
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import Cost, count, count_candidate, memory_bytes
from search_spaces.deployment import Deployment, Precision
from search_spaces.errors import SpaceError
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input

TOKENS = InputSpec(InputKind.TOKENS, length=33, classes=3, vocabulary=100)
LONG_TOKENS = InputSpec(InputKind.TOKENS, length=700, classes=3, vocabulary=100)
WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
BERT_SIZES = {"hidden": (128, 256, 512, 768), "heads": (2, 4, 8, 12), "sizes": (256, 1024, 3072, 4096), "depth": 6}


@pytest.mark.parametrize("spec", [TOKENS, LONG_TOKENS, WINDOWS], ids=["tokens", "long tokens", "windows"])
@pytest.mark.parametrize("sizes", [{}, BERT_SIZES], ids=["small", "bert sizes"])
def test_parameters_and_weights_are_exactly_torchs(random_candidate, spec, sizes):
    rng = random.Random(1)
    for _ in range(10):
        candidate = random_candidate(rng, **sizes)
        with torch.device("meta"):
            model = build_model(candidate.architecture, spec)
        cost = count_candidate(candidate, spec)
        parameters = sum(p.numel() for p in model.parameters())
        assert cost.parameters == parameters
        assert cost.weight_bytes == 4 * (parameters + sum(b.numel() for b in model.buffers()))


def windowed_macs(candidate: Candidate, length: int) -> int:
    """Returns the products of the two neighbourhood sums, which torch runs element by element and does not count."""
    layers = candidate.architecture.layers
    return sum(2 * length * (kind.kernel or 0) * layer.head_width for layer in layers for kind in layer.heads)


@SPECS
@torch.no_grad()
def test_macs_are_half_of_torchs_flops(random_candidate, spec):
    rng = random.Random(2)
    for _ in range(10):
        candidate = random_candidate(rng)
        model = build_model(candidate.architecture, spec).eval()
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(example_input(spec, 1, seed=0))
        counted = count_candidate(candidate, spec).macs - windowed_macs(candidate, spec.sequence_length)
        assert counter.get_total_flops() == 2 * counted


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_every_kind_of_head_has_its_own_count(kind):
    candidate = Candidate(Architecture((Layer(16, (kind,) * 2, (8,)),)))
    cost = count_candidate(candidate, WINDOWS)
    nonzero = {name for name in ("attention_mixing", "fourier", "convolution") if getattr(cost, f"macs_{name}")}
    expected = {"sa": "attention_mixing", "l": "fourier", "c": "convolution"}[kind.value.split("_")[0]]
    assert nonzero == {expected}


@SPECS
@torch.no_grad()
def test_launches_bytes_and_peak_activations_are_those_of_torchs_operators(random_candidate, operator_record, spec):
    rng = random.Random(3)
    for _ in range(10):
        candidate = random_candidate(rng)
        model = build_model(candidate.architecture, spec).eval()
        inputs = example_input(spec, 1, seed=0)
        with operator_record() as record:
            model(inputs)
        cost = count_candidate(candidate, spec)
        assert cost.launches == record.launches
        assert cost.activation_bytes == record.peak_bytes
        assert cost.bytes_moved == record.moved_bytes


@SPECS
@pytest.mark.parametrize("precision", [Precision.BF16, Precision.FP16])
@torch.no_grad()
def test_in_16_bits_weights_and_activations_are_half_as_large_as_torchs(
    random_candidate, operator_record, spec, precision
):
    rng, numbers = random.Random(6), getattr(torch, {"bf16": "bfloat16", "fp16": "float16"}[precision.value])
    for _ in range(3):
        candidate = Candidate(random_candidate(rng).architecture, Deployment(precision))
        model = build_model(candidate.architecture, spec).eval().to(numbers)
        inputs = example_input(spec, 1, seed=0)
        inputs = inputs.to(numbers) if inputs.is_floating_point() else inputs
        with operator_record() as record:
            model(inputs)
        cost = count_candidate(candidate, spec)
        assert cost.weight_bytes == sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
        assert cost.activation_bytes == record.peak_bytes


def test_the_parts_of_the_macs_add_up(random_candidate):
    rng = random.Random(4)
    cost = count(genes_of([random_candidate(rng) for _ in range(20)]), TOKENS)
    parts = [field.name for field in fields(Cost) if field.name.startswith("macs_")]
    np.testing.assert_array_equal(sum(getattr(cost, name) for name in parts), cost.macs)


def test_many_candidates_count_as_each_alone(random_candidate):
    rng = random.Random(5)
    candidates = [random_candidate(rng) for _ in range(20)]
    together = count(genes_of(candidates), WINDOWS)
    for row, candidate in enumerate(candidates):
        alone = count_candidate(candidate, WINDOWS)
        assert {f.name: getattr(together, f.name)[row] for f in fields(Cost)} == {
            f.name: getattr(alone, f.name) for f in fields(Cost)
        }


def test_memory_is_weights_and_the_batchs_activations():
    candidate = Candidate(Architecture((Layer(16, (HeadKind.COSINE,) * 2, (8,)),)))
    cost = count_candidate(candidate, WINDOWS)
    assert memory_bytes(cost, 3) == cost.weight_bytes + 3 * cost.activation_bytes
    with pytest.raises(SpaceError, match="batch_size"):
        memory_bytes(cost, 0)


def test_only_models_and_relaxed_genes_load_torch():
    names = ["cost", "genes", "space", "encoding", "sampling", "neighbors", "presets", "enumeration"]
    modules = ", ".join(f"search_spaces.{name}" for name in names)
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
