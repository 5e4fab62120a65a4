"""Design spaces: size, membership, conditions, JSON."""

import dataclasses

import pytest

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.conditions import Condition
from search_spaces.deployment import Deployment
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.space import DesignSpace, Gene, builtin_spaces, load_space

SDP, DCT = HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE
TINY = DesignSpace(
    name="tiny",
    layers=(1, 2),
    hidden=(4, 8),
    heads=(1, 2),
    head_kinds=(SDP, DCT),
    stacks=(1, 2),
    feed_forward=(8, 16),
    conditions=(Condition("width >= 4"), Condition("feed_forward <= 2 * hidden")),
)
VARIANTS = [
    TINY,
    dataclasses.replace(TINY, homogeneous_heads=True),
    dataclasses.replace(TINY, uniform=frozenset({Gene.HIDDEN})),
    dataclasses.replace(TINY, uniform=frozenset({Gene.HIDDEN, Gene.HEADS})),
    dataclasses.replace(TINY, uniform=frozenset({Gene.HIDDEN, Gene.FEED_FORWARD}), homogeneous_heads=True),
    dataclasses.replace(TINY, uniform=frozenset(Gene), deployments=(Deployment(), Deployment(threads=2))),
    dataclasses.replace(
        TINY,
        layers=(1,),
        deployments=(Deployment(), Deployment("int8-dynamic", "onnxruntime")),
        head_sparsity=(0.0, 0.5),
        keep_fp32=(False, True),
    ),
    dataclasses.replace(
        TINY, family="decoder", head_kinds=(SDP,), bias=(False, True), uniform=frozenset({Gene.HIDDEN})
    ),
]


def test_flexibert_v2_has_its_published_size():
    """Source: Tuli and Jha (arXiv:2303.13745): 1.69 x 10^88 architectures."""
    assert f"{load_space('flexibert-v2').size:.2e}" == "1.69e+88"


def test_the_size_of_a_small_space_equals_a_count_by_hand():
    # hidden 4: one head of 2 kinds, sizes {8}: 2 stacks; hidden 8: 2 + 3 sets of heads, sizes {8, 16}: 2 + 4 stacks.
    per_layer = 2 * 2 + 5 * 6
    assert TINY.size == per_layer + per_layer**2


@pytest.mark.parametrize("space", VARIANTS)
def test_the_size_equals_the_number_of_different_candidates(space):
    candidates = {nth_candidate(space, number) for number in range(space.size)}
    assert len(candidates) == space.size
    assert all(space.contains(candidate) for candidate in candidates)


def test_a_number_beyond_the_size_has_no_candidate():
    with pytest.raises(SpaceError, match="index"):
        nth_candidate(TINY, TINY.size)


@pytest.mark.parametrize("name", builtin_spaces())
def test_built_in_spaces_survive_a_json_round_trip(name):
    space = load_space(name)
    again = DesignSpace.from_json(space.to_json())
    assert again == space
    assert again.key == space.key
    assert space.name == name


def test_a_spaces_key_ignores_its_name_and_sees_its_choices():
    assert dataclasses.replace(TINY, name="other", description="text").key == TINY.key
    assert dataclasses.replace(TINY, heads=(1,)).key != TINY.key


def one_layer(hidden=8, heads=(SDP, DCT), feed_forward=(8,), depth=1, threads=1) -> Candidate:
    return Candidate(Architecture((Layer(hidden, heads, feed_forward),) * depth), Deployment(threads=threads))


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (one_layer(depth=3), "number of layers"),
        (one_layer(hidden=5), "layer 1: hidden"),
        (one_layer(hidden=4, heads=(SDP, SDP)), "layer 1: heads must number"),
        (one_layer(heads=(HeadKind.FOURIER,)), "l_dft"),
        (one_layer(feed_forward=(8, 8, 8)), "stack"),
        (one_layer(hidden=4, heads=(SDP,), feed_forward=(16,)), "feed_forward"),
        (one_layer(threads=2), "deployment"),
    ],
)
def test_what_is_not_in_the_space_is_told_why(candidate, words):
    assert not TINY.contains(candidate)
    assert words in TINY.why_not(candidate)


def test_heads_of_several_kinds_are_not_in_a_space_of_homogeneous_heads():
    assert TINY.contains(one_layer())
    assert "one kind" in dataclasses.replace(TINY, homogeneous_heads=True).why_not(one_layer())


def test_layers_that_differ_are_not_in_a_uniform_space():
    space = dataclasses.replace(TINY, uniform=frozenset(Gene))
    different = Candidate(Architecture((Layer(8, (SDP,), (8,)), Layer(8, (DCT,), (8,)))))
    assert space.why_not(different) == "heads must be equal in all layers"
    assert space.contains(one_layer(depth=2))


def test_heads_never_outnumber_the_hidden_size():
    space = dataclasses.replace(TINY, hidden=(1, 8), conditions=())
    assert space.allowed_heads(1) == (1,)
    assert space.allowed_heads(3) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conditions": (Condition("width >= 100"),)}, "empty"),
        ({"conditions": (Condition("feed_forward > 100"),)}, "empty"),
        ({"hidden": (1,), "heads": (2,), "conditions": ()}, "empty"),
        ({"layers": (1_000_000,)}, "from 1 to 64, got 1000000"),
        ({"uniform": frozenset({Gene.HEADS})}, "add hidden to uniform"),
        ({"hidden": ()}, "at least one choice"),
        ({"hidden": (8, 8)}, "twice"),
        ({"homogeneous_heads": "yes"}, "true or false"),
    ],
)
def test_an_impossible_space_is_refused_with_the_reason(changes, words):
    with pytest.raises(SpaceError, match=words):
        dataclasses.replace(TINY, **changes)
