"""Samples: distinct, valid, repeatable, well spread."""

from collections import Counter

import pytest

from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.conditions import Condition
from search_spaces.errors import SpaceError
from search_spaces.sampling import SamplingMethod, sample
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
