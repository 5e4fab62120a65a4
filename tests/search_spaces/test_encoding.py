"""Points of the cube: exact round trips, and any point is a valid candidate."""

import math

import numpy as np
import pytest
from example_spaces import EDGE, SPACES
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.encoding import Encoding, nearest, position, share_heads
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError

ENCODINGS = {name: Encoding(space) for name, space in SPACES.items()}
EVERY = pytest.mark.parametrize("name", SPACES)


@EVERY
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_decoding_an_encoded_candidate_gives_the_same_candidate(name, data):
    space, encoding = SPACES[name], ENCODINGS[name]
    candidate = nth_candidate(space, data.draw(st.integers(0, space.size - 1)))
    point = encoding.encode(candidate)
    assert point.shape == (encoding.dimension,)
    assert point.min() >= 0.0
    assert point.max() <= 1.0
    assert encoding.decode(point) == candidate


@EVERY
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_numbers_decode_to_a_candidate_of_the_space(name, data):
    space, encoding = SPACES[name], ENCODINGS[name]
    point = data.draw(arrays(np.float64, encoding.dimension, elements=st.floats(-0.5, 1.5) | st.just(math.nan)))
    candidate = encoding.decode(point)
    assert space.why_not(candidate) is None
    assert encoding.decode(encoding.encode(candidate)) == candidate


@EVERY
def test_every_coordinate_has_its_own_name(name):
    encoding = ENCODINGS[name]
    assert len(set(encoding.names)) == encoding.dimension


def test_a_uniform_space_has_the_coordinates_of_one_layer():
    assert ENCODINGS["uniform"].dimension == 2 + len([n for n in ENCODINGS["edge-small"].names if "layer1." in n])


def test_genes_of_absent_layers_and_sizes_are_zero():
    encoding = ENCODINGS["edge-small"]
    small = encoding.decode(np.zeros(encoding.dimension))
    point = encoding.encode(small)
    absent = [i for i, n in enumerate(encoding.names) if n.startswith(("layer2", "layer3", "layer4", "layer1.size2"))]
    assert not point[absent].any()


def test_many_points_are_as_each_alone():
    encoding = ENCODINGS["edge-small"]
    candidates = [nth_candidate(EDGE, number) for number in (0, 5_000, EDGE.size // 3, EDGE.size - 1)]
    points = encoding.encode_many(candidates)
    np.testing.assert_array_equal(points, [encoding.encode(candidate) for candidate in candidates])
    assert encoding.decode_many(points) == candidates
    assert encoding.encode_many([]).shape == (0, encoding.dimension)


def test_a_candidate_of_another_space_is_refused():
    with pytest.raises(SpaceError, match="not in the space edge-small: "):
        ENCODINGS["edge-small"].encode(nth_candidate(SPACES["flexibert-v2"], 7))


def test_a_point_of_another_dimension_is_refused():
    with pytest.raises(SpaceError, match="coordinates"):
        ENCODINGS["edge-small"].decode([0.5, 0.5])


def test_choices_stand_evenly_in_the_unit_interval():
    assert [position((3, 5, 9), choice) for choice in (3, 5, 9)] == [0.0, 0.5, 1.0]
    assert [nearest((3, 5, 9), value) for value in (0.0, 0.25, 0.26, 0.74, 0.76, 1.0)] == [3, 3, 5, 5, 9, 9]
    assert position((4,), 4) == 0.0
    assert nearest((4,), 1.0) == 4


@given(st.integers(1, 12), st.lists(st.floats(0.0, 1.0), min_size=7, max_size=7))
def test_heads_are_shared_within_one_of_their_quota(count, weights):
    heads = share_heads(EDGE, count, weights)
    assert len(heads) == count
    if sum(weights) > 1e-6:
        for kind, weight in zip(HEAD_KINDS, weights, strict=True):
            assert abs(heads.count(kind) - count * weight / sum(weights)) < 1.0


def test_all_heads_take_the_heaviest_kind_in_a_space_of_homogeneous_heads():
    heads = share_heads(SPACES["homogeneous"], 3, [0.1, 0.2, 0.3, 0.0, 0.2, 0.1, 0.2])
    assert heads == (HeadKind.FOURIER,) * 3
