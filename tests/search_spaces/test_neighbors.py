"""Neighbours: valid, different by one gene, and able to reach the whole space."""

import dataclasses

import numpy as np
import pytest
from example_spaces import EDGE, SPACES

from search_spaces.candidate import Candidate, HeadKind
from search_spaces.conditions import Condition
from search_spaces.deployment import Deployment
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, Gene

SMALL = DesignSpace(
    name="small",
    layers=(1, 2),
    hidden=(4, 8),
    heads=(1, 2),
    head_kinds=(HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE),
    stacks=(1, 2),
    feed_forward=(8,),
    conditions=(Condition("width >= 4"),),
    deployments=(Deployment(), Deployment(threads=2)),
)
TINY_COMPRESSED = dataclasses.replace(
    SMALL,
    head_kinds=(HeadKind.SCALED_DOT_PRODUCT,),
    stacks=(1,),
    deployments=(Deployment(), Deployment("int8-dynamic", "onnxruntime")),
    head_sparsity=(0.0, 0.5),
    keep_fp32=(True,),
)
TINY_DECODERS = dataclasses.replace(
    SMALL,
    family="decoder",
    head_kinds=(HeadKind.SCALED_DOT_PRODUCT,),
    bias=(False, True),
    uniform=frozenset({Gene.HIDDEN}),
)
ALL = 10_000


@pytest.mark.parametrize("name", SPACES)
def test_neighbors_are_different_and_in_the_space(name):
    space = SPACES[name]
    for candidate in sample(space, 10, SamplingMethod.SOBOL, seed=0):
        found = neighbors(space, candidate, np.random.default_rng(0), ALL)
        assert len(set(found)) == len(found) > 10
        assert candidate not in found
        assert all(space.contains(neighbor) for neighbor in found)


def differences(one: Candidate, other: Candidate) -> int:
    """Returns the number of genes that differ between candidates of equal depth, a set of heads counting as one."""
    pairs = zip(one.architecture.layers, other.architecture.layers, strict=True)
    names = ("hidden", "heads", "feed_forward")
    return sum(getattr(a, name) != getattr(b, name) for a, b in pairs for name in names)


def test_neighbors_of_equal_hidden_sizes_differ_in_one_gene():
    for candidate in sample(EDGE, 10, SamplingMethod.SOBOL, seed=1):
        sizes = [layer.hidden for layer in candidate.architecture.layers]
        same = [
            neighbor
            for neighbor in neighbors(EDGE, candidate, np.random.default_rng(0), ALL)
            if [layer.hidden for layer in neighbor.architecture.layers] == sizes
        ]
        assert same
        assert all(differences(candidate, neighbor) == 1 for neighbor in same)


@pytest.mark.parametrize("homogeneous", [False, True])
def test_every_candidate_of_a_small_space_can_be_reached(homogeneous):
    space = dataclasses.replace(SMALL, homogeneous_heads=homogeneous)
    rng = np.random.default_rng(0)
    reached = {nth_candidate(space, 0)}
    edge = list(reached)
    while edge:
        edge = [n for n in neighbors(space, edge.pop(), rng, ALL) if n not in reached] + edge
        reached |= set(edge)
    assert len(reached) == space.size


def test_the_limit_and_the_generator_choose_which():
    candidate = sample(EDGE, 1, SamplingMethod.SOBOL, seed=0)[0]
    first = neighbors(EDGE, candidate, np.random.default_rng(1), 5)
    assert len(first) == 5
    assert first == neighbors(EDGE, candidate, np.random.default_rng(1), 5)
    assert first != neighbors(EDGE, candidate, np.random.default_rng(2), 5)
    assert neighbors(EDGE, candidate, np.random.default_rng(1), 0) == []


def test_a_candidate_of_another_space_is_refused():
    with pytest.raises(SpaceError, match="not in the space"):
        neighbors(
            EDGE, nth_candidate(SPACES["flexibert-v2"], SPACES["flexibert-v2"].size - 1), np.random.default_rng(0), 5
        )
