"""Deployments in a design space: how many there are, and what is not among them."""

import dataclasses

import pytest
from example_spaces import COMPRESSED, INT8

from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.deployment_space import deployments_at, nth_deployment, with_changes
from search_spaces.enumeration import nth_candidate
from search_spaces.errors import SpaceError
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.space import DesignSpace

UNIFORM = dataclasses.replace(COMPRESSED, uniform=frozenset(LAYER_CHANGES))
WHOLE = {"deployments": [{}], "keep_fp32": [False]}
CANDIDATE = nth_candidate(COMPRESSED, 0)


def deployed(deployment, *changes):
    return dataclasses.replace(CANDIDATE, deployment=with_changes(deployment, changes))


def test_deployments_of_a_depth_are_counted():
    # By hand: 3 x 2 per layer in fp32 with one or two threads; 3 x 2 x 2 in int8.
    assert deployments_at(COMPRESSED, 2) == 2 * (3 * 2) ** 2 + (3 * 2 * 2) ** 2
    assert deployments_at(UNIFORM, 5) == 2 * (3 * 2) + 3 * 2 * 2


@pytest.mark.parametrize("space", [COMPRESSED, UNIFORM])
def test_every_number_is_another_deployment(space):
    found = {nth_deployment(space, 2, number) for number in range(deployments_at(space, 2))}
    assert len(found) == deployments_at(space, 2)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (deployed(Deployment(threads=9)), "the deployment must be one of"),
        (
            deployed(Deployment(), LayerDeployment(0.1)),
            r"layer 1: head_sparsity must be one of \[0.0, 0.25, 0.5\], got 0.1",
        ),
        (deployed(INT8, LayerDeployment(0.0, 0.9)), "layer 1: feed_forward_sparsity must be one of"),
    ],
)
def test_a_deployment_outside_the_space_is_told_why(candidate, reason):
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(COMPRESSED.why_not(candidate))


def test_what_is_uniform_must_be_equal_in_all_layers():
    two = next(
        c
        for c in map(lambda n: nth_candidate(COMPRESSED, n), range(10**4, 10**9, 10**6))
        if len(c.architecture.layers) == 2
    )
    mixed = dataclasses.replace(two, deployment=Deployment(layers=(LayerDeployment(0.5), LayerDeployment())))
    assert COMPRESSED.contains(mixed)
    assert UNIFORM.why_not(mixed) == "head_sparsity must be equal in all layers"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_sparsity": [0.5, 0.5]}, "head_sparsity holds 0.5 twice"),
        ({"head_sparsity": [1.5]}, "head_sparsity must be a share"),
        ({"feed_forward_sparsity": []}, "feed_forward_sparsity must hold at least one choice"),
        ({"keep_fp32": ["yes"]}, "keep_fp32 must hold true or false, got 'yes'"),
        ({"keep_fp32": [False, True], "deployments": [{}]}, "keep_fp32 needs a deployment of precision int8-dynamic"),
        ({"deployments": [{"layers": [{"head_sparsity": 0.5}]}]}, "say nothing of single layers"),
        ({"bias": [False, True]}, "an encoder has biases"),
        ({"family": "decoder"}, r"head_kinds of a decoder must be \[sa_sdp\]"),
        (
            {
                "family": "decoder",
                "head_kinds": ["sa_sdp"],
                "head_sparsity": [0],
                "feed_forward_sparsity": [0],
                **WHOLE,
            },
            "add hidden to uniform",
        ),
        (
            {"family": "decoder", "head_kinds": ["sa_sdp"], "uniform": ["hidden"], "keep_fp32": [False]},
            "a decoder runs whole and in torch, got the runtime onnxruntime",
        ),
        (
            {"family": "decoder", "head_kinds": ["sa_sdp"], "uniform": ["hidden"], **WHOLE},
            "a decoder runs whole: expected head_sparsity",
        ),
        ({"family": "both"}, "family must be among encoder, decoder; got 'both'"),
    ],
)
def test_a_space_whose_deployment_genes_make_no_sense_is_refused(changes, message):
    with pytest.raises(SpaceError, match=message):
        DesignSpace.from_json({**COMPRESSED.to_json(), "uniform": [], **changes})


def test_a_space_with_deployment_genes_survives_a_json_round_trip():
    for space in (COMPRESSED, UNIFORM, dataclasses.replace(COMPRESSED, uniform=frozenset(Gene))):
        assert DesignSpace.from_json(space.to_json()) == space
