"""Tables at points of quantiles, against the same rules applied gene by gene in plain Python."""

import numpy as np
import pytest
from example_spaces import EDGE, SPACES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaincinv

from search_spaces import encoding
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer
from search_spaces.deployment import LayerDeployment
from search_spaces.deployment_space import choices_of, with_changes
from search_spaces.encoding import encoding_layout
from search_spaces.layer_genes import LAYER_CHANGES
from search_spaces.quantiles import SPARSITY, share_heads, table_at


def at(choices, quantile):
    return choices[min(int(quantile * len(choices)), len(choices) - 1)]


def candidate_at(space, point):
    """Returns the candidate at one point of quantiles."""
    layout = encoding_layout(space)
    layers, changes = [], []
    for place in layout.layers[: at(space.layers, point[layout.depth])]:
        hidden = at(space.allowed_hidden, point[place.hidden])
        count = at(space.allowed_heads(hidden), point[place.heads])
        weights = [float(gammaincinv(SPARSITY, point[coordinate])) for coordinate in place.kinds]
        stacks = at(space.stacks, point[place.stacks])
        sizes = [at(space.allowed_feed_forward(hidden), point[coordinate]) for coordinate in place.sizes[:stacks]]
        layers.append(Layer(hidden, encoding.share_heads(space, count, weights), tuple(sizes)))
        chosen = [
            choices_of(space, gene)[0] if coordinate is None else at(choices_of(space, gene), point[coordinate])
            for gene, coordinate in zip(LAYER_CHANGES, place.changes, strict=True)
        ]
        changes.append(LayerDeployment(*chosen))
    bias = space.bias[0] if layout.bias is None else at(space.bias, point[layout.bias])
    deployment = at(space.deployments, point[layout.deployment])
    return Candidate(Architecture(tuple(layers), space.family, bias), with_changes(deployment, tuple(changes)))


@pytest.mark.parametrize("name", SPACES)
def test_a_table_holds_the_candidates_that_each_point_gives_alone(name):
    space = SPACES[name]
    generator = np.random.default_rng(0)
    points = generator.random((60, len(encoding_layout(space).names)))
    points[::5] = np.round(4 * points[::5]) / 4  # on the borders of shares, and with equal weights
    points = np.minimum(points, 1.0 - 1e-12)
    assert table_at(space, points).candidates() == [candidate_at(space, point) for point in points.tolist()]


def test_no_points_make_an_empty_table():
    assert table_at(EDGE, np.zeros((0, len(encoding_layout(EDGE).names)))).candidates() == []


weights = st.lists(st.sampled_from([0.0, 1e-12, 0.1, 0.2, 0.3, 1.0]) | st.floats(0.0, 5.0), min_size=7, max_size=7)


@pytest.mark.parametrize("name", ["edge-small", "homogeneous"])
@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(1, 12), weights), min_size=1, max_size=5))
def test_heads_are_shared_as_the_encoding_shares_them(name, rows):
    space = SPACES[name]
    heads, shares = np.array([row[0] for row in rows], dtype=np.int32), np.array([row[1] for row in rows])
    expected = [encoding.share_heads(space, count, list(share)) for count, share in rows]
    found = share_heads(space, heads, shares)
    assert found.tolist() == [[kinds.count(kind) for kind in HEAD_KINDS] for kinds in expected]
