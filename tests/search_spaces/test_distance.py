"""Distances of architectures: a metric, equal to a brute force over all alignments, small between neighbours."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.distance import LAYER_ALONE, SIZE_ALONE, distance, pairwise_distances
from search_spaces.neighbors import neighbors
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

ATTENTION, COSINE = HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE
PLAIN = Layer(64, (ATTENTION,) * 4, (128,))
SPACES = pytest.mark.parametrize("name", ["edge-small", "flexibert-v2"])


@st.composite
def layers(draw):
    # Few choices, so that equal layers, equal stacks and ties between alignments come up often.
    heads = draw(st.lists(st.sampled_from(HEAD_KINDS[:3]), min_size=1, max_size=4))
    sizes = draw(st.lists(st.sampled_from([4, 6, 64, 4096]), min_size=1, max_size=3))
    return Layer(draw(st.sampled_from([4, 8, 96, 2048])), tuple(heads), tuple(sizes))


architectures = st.lists(layers(), min_size=1, max_size=4).map(lambda found: Architecture(tuple(found)))


def brute_force(one, other, pair_cost, alone):
    """Returns the cost of the cheapest of all order-preserving pairings of two sequences."""
    costs = []
    for pairs in range(min(len(one), len(other)) + 1):
        single = alone * (len(one) + len(other) - 2 * pairs)
        for left in itertools.combinations(one, pairs):
            for right in itertools.combinations(other, pairs):
                costs.append(single + sum(pair_cost(a, b) for a, b in zip(left, right, strict=True)))
    return min(costs)


def layer_cost(a: Layer, b: Layer) -> float:
    def ratio(x, y):
        return abs(math.log2(x / y))

    other_kind = sum(abs(a.heads.count(k) / len(a.heads) - b.heads.count(k) / len(b.heads)) for k in HEAD_KINDS) / 2
    stacks = brute_force(a.feed_forward, b.feed_forward, ratio, SIZE_ALONE)
    return ratio(a.hidden, b.hidden) + ratio(len(a.heads), len(b.heads)) + other_kind + stacks


@settings(max_examples=50, deadline=None)
@given(architectures, architectures)
def test_the_distance_is_the_cheapest_of_all_alignments(one, other):
    assert distance(one, other) == pytest.approx(
        brute_force(one.layers, other.layers, layer_cost, LAYER_ALONE), abs=1e-9
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(architectures, min_size=3, max_size=6))
def test_the_distance_is_a_metric(found):
    distances = pairwise_distances(found)
    np.testing.assert_array_equal(distances, distances.T)
    equal = np.array([[one == other for other in found] for one in found])
    np.testing.assert_array_equal(distances == 0.0, equal)
    detours = distances[:, :, None] + distances[None, :, :]  # (from, over, to)
    assert (distances[:, None, :] <= detours + 1e-9).all()


@SPACES
def test_samples_of_a_space_meet_the_triangle_inequality(name):
    found = [candidate.architecture for candidate in sample(load_space(name), 60, SamplingMethod.SOBOL, seed=0)]
    distances = pairwise_distances(found)
    assert (distances[:, None, :] <= distances[:, :, None] + distances[None, :, :] + 1e-9).all()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hidden": 32}, 1.0),
        ({"heads": (ATTENTION,) * 8}, 1.0),
        ({"heads": (ATTENTION,) * 3 + (COSINE,)}, 0.25),
        ({"heads": (COSINE,) * 4}, 1.0),
        ({"feed_forward": (512,)}, 2.0),
        ({"feed_forward": (128, 128)}, SIZE_ALONE),
        ({"feed_forward": (4096,)}, 2 * SIZE_ALONE),
    ],
    ids=[
        "hidden halved",
        "twice the heads",
        "a quarter of other kind",
        "all of other kind",
        "size x 4",
        "size more",
        "size x 32",
    ],
)
def test_one_changed_gene_costs_what_the_scale_says(change, expected):
    other = dataclasses.replace(PLAIN, **change)
    assert distance(Architecture((PLAIN, PLAIN)), Architecture((PLAIN, other))) == pytest.approx(expected)


def test_a_layer_more_costs_the_same_wherever_it_stands():
    small, large = Layer(8, (COSINE,), (8,)), Layer(512, (ATTENTION,) * 8, (2048, 2048))
    two = Architecture((PLAIN, small))
    for place in range(3):
        three = Architecture((*two.layers[:place], large, *two.layers[place:]))
        assert distance(two, three) == LAYER_ALONE


def test_the_order_of_layers_matters():
    small = Layer(8, (COSINE,), (8,))
    assert distance(Architecture((PLAIN, small)), Architecture((small, PLAIN))) > 0.0


@SPACES
def test_neighbors_are_nearer_than_random_candidates(name):
    space = load_space(name)
    strangers = [candidate.architecture for candidate in sample(space, 200, SamplingMethod.SOBOL, seed=1)]
    for candidate in sample(space, 20, SamplingMethod.SOBOL, seed=0):
        near = [neighbor.architecture for neighbor in neighbors(space, candidate, np.random.default_rng(0), 30)]
        to_neighbors = pairwise_distances([candidate.architecture], near)
        to_strangers = pairwise_distances([candidate.architecture], strangers)
        assert to_neighbors.max() < np.median(to_strangers)
        assert to_neighbors.mean() < 0.5 * to_strangers.mean()


def test_a_matrix_over_several_blocks_holds_the_distances_of_its_pairs():
    found = [
        candidate.architecture for candidate in sample(load_space("edge-small"), 150, SamplingMethod.SOBOL, seed=2)
    ]
    distances = pairwise_distances(found[:140], found[100:])
    assert distances.shape == (140, 50)
    for row, column in [(0, 0), (63, 49), (64, 1), (139, 39), (120, 20)]:
        assert distances[row, column] == distance(found[row], found[100 + column])


def test_no_architectures_have_no_distances():
    assert pairwise_distances([]).shape == (0, 0)
    assert pairwise_distances([Architecture((PLAIN,))], []).shape == (1, 0)
