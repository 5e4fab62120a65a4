"""Counted costs of pruned candidates, whose heads keep their width, against torch's models of what is left."""

import random

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import inference_memory, training_memory
from search_spaces.models import build_model, example_input
from search_spaces.pruning import deployed_architecture

TOKENS = InputSpec(InputKind.TOKENS, length=33, classes=3, vocabulary=100)
WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
SPECS = pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
NARROW = Candidate(Architecture((Layer(64, (HeadKind.SCALED_DOT_PRODUCT,) * 3, (100,), width=16),)))


def test_three_heads_of_width_16_map_back_to_a_hidden_size_of_64():
    attention = build_model(NARROW.architecture, TOKENS).layers[0].attention
    assert attention.project.weight.shape == (3 * 3 * 16, 64)
    assert attention.output.weight.shape == (64, 3 * 16)


@SPECS
@torch.no_grad()
def test_counts_of_what_is_left_are_torchs(random_pruned, operator_record, spec):
    rng = random.Random(1)
    for candidate in [NARROW, *(random_pruned(rng) for _ in range(6))]:
        model = build_model(deployed_architecture(candidate), spec).eval()
        inputs = example_input(spec, 1, seed=0)
        with operator_record() as record:
            model(inputs)
        cost = count_candidate(candidate, spec)
        assert cost.parameters == sum(p.numel() for p in model.parameters())
        assert cost.launches == record.launches
        assert cost.bytes_moved == record.moved_bytes
        assert cost.activation_bytes == record.peak_bytes


@torch.no_grad()
def test_macs_of_what_is_left_are_half_of_torchs_flops():
    model = build_model(NARROW.architecture, TOKENS).eval()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(example_input(TOKENS, 1, seed=0))
    assert counter.get_total_flops() == 2 * count_candidate(NARROW, TOKENS).macs


@SPECS
def test_memory_is_that_of_what_is_left(random_pruned, spec):
    rng = random.Random(2)
    for _ in range(10):
        candidate = random_pruned(rng)
        left = Candidate(deployed_architecture(candidate))
        memory, cost = inference_memory(candidate, spec), count_candidate(candidate, spec)
        assert (memory.weight_bytes, memory.activation_bytes) == (cost.weight_bytes, cost.activation_bytes)
        assert training_memory(candidate, spec, 4) == training_memory(left, spec, 4)
