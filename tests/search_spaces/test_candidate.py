"""Candidates: checks, JSON round trip, keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment
from search_spaces.errors import SpaceError

SDP, C9 = HeadKind.SCALED_DOT_PRODUCT, HeadKind.CONVOLUTION_9
CANDIDATE = Candidate(Architecture((Layer(8, (C9, SDP), (16,)), Layer(4, (SDP,), (8, 8)))), Deployment(threads=2))

LAYERS = st.builds(
    Layer,
    st.integers(12, 64),
    st.lists(st.sampled_from(HEAD_KINDS), min_size=1, max_size=12).map(tuple),
    st.lists(st.integers(1, 64), min_size=1, max_size=3).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(1, 4))
def test_json_round_trips_keep_the_candidate_and_its_keys(layers, threads):
    candidate = Candidate(Architecture(tuple(layers)), Deployment(threads=threads))
    again = Candidate.from_json(candidate.to_json())
    assert again == candidate
    assert (again.key, again.architecture.key) == (candidate.key, candidate.architecture.key)


def test_heads_are_a_multiset():
    assert Layer(8, (SDP, C9, SDP), (8,)) == Layer(8, (C9, SDP, SDP), (8,))
    assert Layer(8, ("c_9", "sa_sdp"), (8,)).heads == (SDP, C9)
    assert Layer(29, (SDP,) * 3, (8,)).head_width == 9
    assert list(Layer(8, (C9, SDP), (8,)).head_counts().values()) == [1, 0, 0, 0, 0, 1, 0]


def test_the_default_deployment_is_left_out_and_the_keys_tell_deployments_apart():
    plain = Candidate(CANDIDATE.architecture)
    assert "deployment" not in plain.to_json()
    assert plain.architecture.key == CANDIDATE.architecture.key
    assert plain.key != CANDIDATE.key


def test_keys_never_change():
    """What a ledger stored under a key must be found under it for ever."""
    assert CANDIDATE.key == "597b0e556d0eaad8a28b"
    assert CANDIDATE.architecture.key == "8f60c65309e9000f2b87"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, (SDP,), (8,)), "hidden must be"),
        ((8.0, (SDP,), (8,)), "hidden must be"),
        ((True, (SDP,), (8,)), "hidden must be"),
        ((8, (), (8,)), "at least one attention head"),
        ((8, ("sa_foo",), (8,)), "head must be one of sa_sdp, .*got 'sa_foo'"),
        ((2, (SDP,) * 3, (8,)), "must not outnumber"),
        ((8, (SDP,), ()), "feed_forward must be"),
        ((8, (SDP,), (0,)), "feed_forward must be"),
    ],
)
def test_a_bad_layer_is_refused(arguments, words):
    with pytest.raises(SpaceError, match=words):
        Layer(*arguments)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([], "expected a JSON object"),
        ({}, "'architecture' is missing"),
        ({"architecture": {"layers": [], "colour": 1}}, "unknown gene 'colour'"),
        ({"architecture": {"layers": []}}, "at least one layer"),
        ({"architecture": {"layers": {}}}, "layers must be a list"),
        ({"architecture": {"layers": [{"hidden": 8}]}}, "layer 1: 'feed_forward' is missing"),
        (
            {"architecture": {"layers": [{"hidden": 8, "heads": "x", "feed_forward": [8]}]}},
            "layer 1: heads must be a l",
        ),
        ({"architecture": {"layers": [{"hidden": 8, "heads": ["x"], "feed_forward": [8]}]}}, "layer 1: head must be"),
    ],
)
def test_a_bad_payload_is_refused_with_its_place(payload, words):
    with pytest.raises(SpaceError, match=words):
        Candidate.from_json(payload)


@pytest.mark.parametrize("fields", [{"threads": 0}, {"precision": "fp3"}, {"runtime": "abacus"}, {"speed": 1}])
def test_a_bad_deployment_is_refused(fields):
    with pytest.raises(SpaceError, match=next(iter(fields))):
        Deployment.from_json(fields)
