"""Weights, tensor by tensor, against those of torch's models."""

import random
from collections import Counter

import torch

from search_spaces.cost import count_candidate
from search_spaces.memory import Part, Place
from search_spaces.memory.breakdown import bytes_by_part, total_bytes
from search_spaces.memory.weights import parameters, weight_shares
from search_spaces.models import build_model

PARTS = {
    "attention": Part.ATTENTION,
    "attention_norm": Part.NORM,
    "feed_forward": Part.FEED_FORWARD,
    "feed_forward_norm": Part.NORM,
    "transition": Part.TRANSITION,
}


def place_of(name: str) -> Place:
    words = name.split(".")
    if words[0] == "layers":
        return Place(int(words[1]) + 1, PARTS[words[2]])
    if words[0] == "classifier":
        return Place(None, Part.CLASSIFIER)
    return Place(None, Part.NORM if words[1] == "norm" else Part.EMBEDDING)


def meta_model(candidate, spec):
    with torch.device("meta"):
        return build_model(candidate.architecture, spec)


def test_tensors_are_torchs_in_size_place_and_order(random_candidate, spec):
    rng = random.Random(1)
    for _ in range(20):
        candidate = random_candidate(rng)
        model = meta_model(candidate, spec)
        expected = [(place_of(name), tensor.numel()) for name, tensor in model.named_parameters()]
        assert [(w.place, w.numbers) for w in parameters(candidate.architecture, spec)] == expected


def test_weights_of_every_place_are_parameters_and_constants(random_candidate, spec):
    rng = random.Random(2)
    for _ in range(20):
        candidate = random_candidate(rng)
        model = meta_model(candidate, spec)
        expected: Counter[Place] = Counter()
        for name, tensor in model.named_parameters():
            expected[place_of(name)] += 4 * tensor.numel()
        for name, tensor in model.named_buffers():
            expected[Place(place_of(name).layer, Part.CONSTANTS)] += 4 * tensor.numel()
        shares = weight_shares(candidate.architecture, spec)
        assert {share.place: share.bytes for share in shares} == expected
        assert total_bytes(shares) == count_candidate(candidate, spec).weight_bytes
        assert sum(bytes_by_part(shares).values()) == total_bytes(shares)
