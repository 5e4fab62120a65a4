"""Samples: distinct, valid, repeatable, well spread."""

import hashlib
from collections import Counter

import pytest

from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.conditions import Condition
from search_spaces.errors import SpaceError
from search_spaces.sampling import SamplingMethod, sample, sample_table
from search_spaces.space import DesignSpace, load_space

SMALL = DesignSpace(
    name="small",
    layers=(1,),
    hidden=(4, 8),
    heads=(1, 2),
    head_kinds=(HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE),
    stacks=(1, 2),
    feed_forward=(8, 16),
    conditions=(Condition("width >= 4"),),
)
METHODS = pytest.mark.parametrize("method", SamplingMethod)


@METHODS
@pytest.mark.parametrize("name", ["edge-small", "flexibert-v2"])
def test_samples_are_distinct_valid_and_depend_on_the_seed_alone(method, name):
    space = load_space(name)
    candidates = sample(space, 24, method, seed=3)
    assert len(set(candidates)) == 24
    assert all(space.contains(candidate) for candidate in candidates)
    assert candidates == sample(space, 24, method, seed=3)
    assert candidates != sample(space, 24, method, seed=4)


# Proposals of campaigns depend on these: a change would make a resumed campaign propose something else.
KEYS_OF_3 = {
    ("edge-small", SamplingMethod.SOBOL): ["b5aac8f1e4238b0b78e6", "61e52bba608c27e92f6c", "db8bcdda5d963cc79301"],
    ("edge-small", SamplingMethod.LATIN_HYPERCUBE): [
        "441338d670fc100f99ec",
        "9e865fedd093cc2e7ebf",
        "cb7f5c736d716b393a09",
    ],
    ("edge-small", SamplingMethod.HALTON): ["6abff1d8133f4fae6ae7", "e461ca2d773b99632ef3", "91ec2405cc06c9acd71a"],
    ("edge-small", SamplingMethod.RANDOM): ["cb9bd245df5e921a0d3f", "14a7e0ad7ee21a3076bf", "b6f6d9729e3751360271"],
    ("flexibert-v2", SamplingMethod.SOBOL): ["69c0a919c0ab14e870d8", "611d0c0595140f6c55a5", "296b72e8e88ca5139149"],
    ("flexibert-v2", SamplingMethod.LATIN_HYPERCUBE): [
        "ce85cdeec761c53c0833",
        "f0ba783bc76b7c6d9aa3",
        "450e0b74e0b45c9714f3",
    ],
    ("flexibert-v2", SamplingMethod.HALTON): ["31b5086a69a29db01997", "9dbf2372e7ef2389340a", "5cbf43b34caab153553b"],
    ("flexibert-v2", SamplingMethod.RANDOM): ["f3b3c3231e4629ac6d4d", "7c0438d87178de2577e7", "06a14437a3a8a9edd7b3"],
}
HASH_OF_200_KEYS = {
    ("edge-small", SamplingMethod.SOBOL): "6f39488b7c15d99f9a54",
    ("edge-small", SamplingMethod.LATIN_HYPERCUBE): "2be6293aa94f83858cb0",
    ("edge-small", SamplingMethod.HALTON): "f587bdb12f2a437cedbb",
    ("edge-small", SamplingMethod.RANDOM): "7665de2d7a9814492a8e",
    ("flexibert-v2", SamplingMethod.SOBOL): "bf305d0a360136674015",
    ("flexibert-v2", SamplingMethod.LATIN_HYPERCUBE): "2210cd1abaa3d8c417dc",
    ("flexibert-v2", SamplingMethod.HALTON): "59ced3c4db745cfcc2d5",
    ("flexibert-v2", SamplingMethod.RANDOM): "af4863ed9897cdd9e1f5",
}
HASH_OF_WHOLE = {
    SamplingMethod.SOBOL: "6e907426ab388672d7b0",
    SamplingMethod.LATIN_HYPERCUBE: "1828e2b556f62bac2499",
    SamplingMethod.HALTON: "1658fb456868fd028797",
    SamplingMethod.RANDOM: "828735bdda98f77cea56",
}


@METHODS
@pytest.mark.parametrize("name", ["edge-small", "flexibert-v2"])
def test_samples_are_those_of_the_first_release(method, name):
    space = load_space(name)
    assert [candidate.key for candidate in sample(space, 3, method, seed=3)] == KEYS_OF_3[name, method]
    keys = "".join(candidate.key for candidate in sample(space, 200, method, seed=7))
    assert hashlib.sha256(keys.encode()).hexdigest()[:20] == HASH_OF_200_KEYS[name, method]


@METHODS
def test_a_small_space_is_sampled_whole_in_the_order_of_the_first_release(method):
    keys = "".join(candidate.key for candidate in sample(SMALL, SMALL.size, method, seed=0))
    assert hashlib.sha256(keys.encode()).hexdigest()[:20] == HASH_OF_WHOLE[method]


@METHODS
def test_a_table_of_samples_holds_the_samples(method):
    space = load_space("edge-small")
    table = sample_table(space, 40, method, seed=5)
    assert table.candidates() == sample(space, 40, method, seed=5)
    assert len(table.distinct()) == 40


@METHODS
def test_a_small_space_can_be_sampled_whole(method):
    assert len(set(sample(SMALL, SMALL.size, method, seed=0))) == SMALL.size


def test_more_than_the_space_holds_is_refused():
    with pytest.raises(SpaceError, match=f"holds {SMALL.size} candidates, cannot give {SMALL.size + 1}"):
        sample(SMALL, SMALL.size + 1, SamplingMethod.SOBOL, seed=0)
    with pytest.raises(SpaceError, match="at least 0"):
        sample(SMALL, -1, SamplingMethod.SOBOL, seed=0)


@METHODS
def test_nothing_can_be_asked_for(method):
    assert sample(SMALL, 0, method, seed=0) == []


@METHODS
def test_sixteen_candidates_cover_every_depth_and_every_kind(method):
    candidates = sample(load_space("edge-small"), 16, method, seed=0)
    depths = Counter(len(candidate.architecture.layers) for candidate in candidates)
    kinds = {kind for candidate in candidates for layer in candidate.architecture.layers for kind in layer.heads}
    assert set(depths) == {1, 2, 3, 4}
    assert kinds == set(HEAD_KINDS)


def test_low_discrepancy_samples_spread_depths_evenly():
    candidates = sample(load_space("edge-small"), 64, SamplingMethod.SOBOL, seed=0)
    depths = Counter(len(candidate.architecture.layers) for candidate in candidates)
    assert all(count == 16 for count in depths.values())


def test_layers_of_one_kind_and_of_many_are_both_common():
    candidates = sample(load_space("edge-small"), 128, SamplingMethod.SOBOL, seed=0)
    layers = [layer for c in candidates for layer in c.architecture.layers if len(layer.heads) >= 4]
    pure = sum(len(set(layer.heads)) == 1 for layer in layers) / len(layers)
    assert 0.1 < pure < 0.6
