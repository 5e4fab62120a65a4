"""Memory of inference against the counted cost and against the bytes that torch's operators keep alive."""

import random
import subprocess
import sys

import pytest
import torch
from memory_records import alive_by_place

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.errors import SpaceError
from search_spaces.memory import Part, Place, inference_memory
from search_spaces.models import build_model, example_input


@pytest.mark.parametrize("batch_size", [1, 3])
def test_totals_are_those_of_the_cost(random_candidate, spec, batch_size):
    rng = random.Random(1)
    for _ in range(50):
        candidate = random_candidate(rng)
        memory, cost = inference_memory(candidate, spec, batch_size), count_candidate(candidate, spec)
        assert memory.weight_bytes == cost.weight_bytes
        assert memory.activation_bytes == batch_size * cost.activation_bytes
        assert memory.total_bytes == memory_bytes(cost, batch_size)


@pytest.mark.parametrize("batch_size", [1, 3])
@torch.no_grad()
def test_every_place_holds_what_torchs_operators_keep_alive(random_candidate, operator_record, walk, spec, batch_size):
    rng = random.Random(2)
    for _ in range(10):
        candidate = random_candidate(rng)
        model = build_model(candidate.architecture, spec).eval()
        measured = alive_by_place(model, example_input(spec, batch_size, seed=0), operator_record, walk)
        memory = inference_memory(candidate, spec, batch_size)
        counted = {share.place: share.bytes for share in memory.activations}
        assert counted == {place: measured[place] for place in counted}
        assert measured[memory.worst] == max(measured.values())


def test_maps_are_counted_apart_for_the_layer_with_most_of_them(tokens):
    few = Layer(16, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE), (8,))
    many = Layer(16, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE) * 2, (8,))
    memory = inference_memory(Candidate(Architecture((few, many))), tokens, 5)
    assert memory.attention_map_bytes == 4 * 5 * 4 * 21 * 21


def test_a_wide_feed_forward_stack_is_the_worst_place(tokens):
    layers = (Layer(16, (HeadKind.COSINE,) * 2, (8,)), Layer(16, (HeadKind.COSINE,) * 2, (8, 500)))
    assert inference_memory(Candidate(Architecture(layers)), tokens).worst == Place(2, Part.FEED_FORWARD)


def test_a_batch_of_nothing_is_refused(random_candidate, tokens):
    with pytest.raises(SpaceError, match="batch_size"):
        inference_memory(random_candidate(random.Random(3)), tokens, 0)


def test_json_says_every_place(random_candidate, windows):
    memory = inference_memory(random_candidate(random.Random(4)), windows, 2)
    payload = memory.to_json()
    assert sum(share["bytes"] for share in payload["weights"]) == payload["weight_bytes"]
    assert max(share["bytes"] for share in payload["activations"]) == payload["activation_bytes"]
    assert payload["total_bytes"] == payload["weight_bytes"] + payload["activation_bytes"]
    assert payload["worst"] == memory.worst.to_json()


def test_counting_memory_loads_no_torch():
    code = "import sys, search_spaces.memory; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
