"""Memory of decoders against the counted cost, torch's autograd and the bytes that its operators keep alive."""

import random
from dataclasses import replace

import pytest
import torch
from memory_records import alive_by_place, assert_kept_is_what_autograd_saves, recorded_peak

from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.errors import SpaceError
from search_spaces.memory import Part, Place, inference_memory, training_memory
from search_spaces.memory.breakdown import total_bytes
from search_spaces.memory.weights import parameters, weight_shares
from search_spaces.models import build_model, example_input

DROPOUTS = pytest.mark.parametrize("dropout", [0.0, 0.1], ids=["no dropout", "dropout"])
PARTS = {
    "attention": Part.ATTENTION,
    "attention_norm": Part.NORM,
    "feed_forward": Part.FEED_FORWARD,
    "feed_forward_norm": Part.NORM,
}


def decoder(*layers: Layer, bias: bool = True) -> Candidate:
    return Candidate(Architecture(layers, Family.DECODER, bias))


def layer_of(heads: int, hidden: int = 12) -> Layer:
    return Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, (4,))


def place_of(name: str) -> Place:
    words = name.split(".")
    if words[0] == "layers":
        return Place(int(words[1]) + 1, PARTS[words[2]])
    return Place(None, Part.NORM if words[0] == "norm" else Part.EMBEDDING)


def test_tensors_are_torchs_in_size_place_and_order(random_decoder, text):
    rng = random.Random(1)
    for _ in range(10):
        candidate = random_decoder(rng)
        with torch.device("meta"):
            model = build_model(candidate.architecture, text)
        expected = [(place_of(name), tensor.numel()) for name, tensor in model.named_parameters()]
        assert [(w.place, w.numbers) for w in parameters(candidate.architecture, text)] == expected
        total = total_bytes(weight_shares(candidate.architecture, text))
        assert total == count_candidate(candidate, text).weight_bytes


@pytest.mark.parametrize("vocabulary", [50, 3])
def test_totals_of_inference_are_those_of_the_cost(random_decoder, text, vocabulary):
    rng, spec = random.Random(2), replace(text, vocabulary=vocabulary, classes=vocabulary)
    for _ in range(50):
        candidate = random_decoder(rng)
        memory, cost = inference_memory(candidate, spec, 3), count_candidate(candidate, spec)
        assert memory.activation_bytes == 3 * cost.activation_bytes
        assert memory.total_bytes == memory_bytes(cost, 3)


@pytest.mark.parametrize("batch_size", [1, 3])
@torch.no_grad()
def test_every_place_holds_what_torchs_operators_keep_alive(random_decoder, operator_record, walk, text, batch_size):
    rng = random.Random(3)
    for _ in range(6):
        candidate = random_decoder(rng)
        model = build_model(candidate.architecture, text).eval()
        measured = alive_by_place(model, example_input(text, batch_size, seed=0), operator_record, walk)
        memory = inference_memory(candidate, text, batch_size)
        counted = {share.place: share.bytes for share in memory.activations}
        assert counted == {place: measured[place] for place in counted}
        assert measured[memory.worst] == max(measured.values())


def test_a_large_vocabulary_makes_the_output_the_worst_place_of_inference(text):
    spec = replace(text, vocabulary=5000, classes=5000)
    assert inference_memory(decoder(layer_of(2)), spec).worst == Place(None, Part.OUTPUT)


@DROPOUTS
@pytest.mark.parametrize("batch_size", [1, 3])
def test_every_place_keeps_what_autograd_saves(random_decoder, training, walk, text, dropout, batch_size):
    rng = random.Random(4)
    for _ in range(6):
        candidate = random_decoder(rng)
        assert_kept_is_what_autograd_saves(candidate, text, batch_size, dropout, training, walk)


@DROPOUTS
@pytest.mark.parametrize("batches", [(1, 1), (6, 1), (6, 3)], ids=["one sequence", "one batch", "micro-batches"])
def test_the_peak_is_that_of_torchs_operators(random_decoder, training, operator_record, text, dropout, batches):
    rng, (batch_size, micro_batches) = random.Random(5), batches
    for _ in range(4):
        candidate = random_decoder(rng)
        measured = recorded_peak(training(candidate, text, batch_size, dropout), micro_batches, operator_record)
        memory = training_memory(candidate, text, batch_size, micro_batches=micro_batches, dropout=dropout)
        assert memory.peak_bytes == measured


@pytest.mark.parametrize("heads", [1, 2])
def test_the_peak_among_attention_maps_is_that_of_torchs_operators(training, operator_record, text, heads):
    long = replace(text, length=60, vocabulary=3, classes=3)
    candidate = decoder(layer_of(heads, hidden=8))
    memory = training_memory(candidate, long, 8, dropout=0.1)
    assert memory.worst == Place(1, Part.ATTENTION)
    assert memory.peak_bytes == recorded_peak(training(candidate, long, 8, 0.1), 1, operator_record)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_the_two_gradients_of_the_shared_words_are_alive_together(training, operator_record, text, bias):
    spec = replace(text, length=2, vocabulary=5000, classes=5000)
    candidate = decoder(layer_of(2), bias=bias)
    memory = training_memory(candidate, spec, 2, micro_batches=2)
    assert memory.worst == Place(None, Part.EMBEDDING)
    assert memory.peak_bytes == recorded_peak(training(candidate, spec, 2, 0.1), 2, operator_record)


@pytest.mark.parametrize("count", [inference_memory, training_memory])
def test_a_decoder_without_text_is_refused(random_decoder, tokens, count):
    with pytest.raises(SpaceError, match="kind text for the family decoder, got tokens"):
        count(random_decoder(random.Random(6)), tokens, 1)


@pytest.mark.parametrize("count", [inference_memory, training_memory])
def test_an_encoder_of_text_is_refused(random_candidate, text, count):
    with pytest.raises(SpaceError, match="kind tokens or windows for the family encoder, got text"):
        count(random_candidate(random.Random(7)), text, 1)
