"""Deployments: what runs where, and one form for equal ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import RUNS, Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError

TWO_LAYERS = Architecture((Layer(8, (HeadKind.COSINE,), (16,)),) * 2)
SHARES = st.sampled_from([0.0, 0.25, 0.5])
LAYERS = st.builds(LayerDeployment, SHARES, SHARES, st.booleans())
PAIRS = st.sampled_from([(precision, runtime) for runtime, known in RUNS.items() for precision in known])


@given(PAIRS, st.integers(1, 8), st.lists(LAYERS, max_size=3))
def test_a_deployment_survives_a_json_round_trip(pair, threads, layers):
    deployment = Deployment(*pair, threads, tuple(layers))
    assert Deployment.from_json(deployment.to_json()) == deployment


def test_only_what_is_not_usual_is_written():
    assert Deployment().to_json() == {}
    pruned = Deployment(layers=(LayerDeployment(0.5), LayerDeployment()))
    assert pruned.to_json() == {"layers": [{"head_sparsity": 0.5}, {}]}


def test_layers_of_which_nothing_becomes_are_left_out():
    assert Deployment(layers=(LayerDeployment(),) * 3) == Deployment()


def test_layers_that_are_fp32_anyhow_need_not_be_kept_so():
    assert Deployment(layers=(LayerDeployment(keep_fp32=True),)) == Deployment()
    int8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME, layers=(LayerDeployment(keep_fp32=True),))
    assert int8.layers[0].keep_fp32


def test_a_runtime_that_cannot_run_the_precision_names_the_one_that_can():
    with pytest.raises(SpaceError, match="torch runs fp32, bf16, fp16, not int8-static; set runtime to onnxruntime"):
        Deployment(Precision.INT8_STATIC)
    with pytest.raises(SpaceError, match=r"onnxruntime runs .* not bf16; set runtime to torch"):
        Deployment(Precision.BF16, Runtime.ONNXRUNTIME)


@pytest.mark.parametrize("share", [-0.1, 1.0, "half", True, float("nan")])
def test_a_share_that_cannot_be_removed_is_refused(share):
    with pytest.raises(SpaceError, match="head_sparsity must be a share of at least 0 and below 1"):
        LayerDeployment(head_sparsity=share)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"layers": 3}, "layers must be a list, got int"),
        ({"layers": [{"sparsity": 0.5}]}, "deployment of layer 1: unknown gene 'sparsity'"),
        ({"layers": [{}, {"feed_forward_sparsity": 2}]}, "deployment of layer 2: feed_forward_sparsity must be"),
        ({"layers": [{"keep_fp32": "yes"}]}, "keep_fp32 must be true or false"),
        ({"threads": 100_000}, "threads must be a whole number from 1 to 1024, got 100000"),
        ({"precision": "int4"}, "precision must be one of fp32"),
    ],
)
def test_a_deployment_that_makes_no_sense_is_refused(payload, message):
    with pytest.raises(SpaceError, match=message):
        Deployment.from_json(payload)


def test_a_candidate_says_what_becomes_of_all_its_layers_or_of_none():
    with pytest.raises(SpaceError, match="2 layers must say what becomes of each of them, got 1"):
        Candidate(TWO_LAYERS, Deployment(layers=(LayerDeployment(0.5),)))


@pytest.mark.parametrize(
    ("deployment", "got"),
    [
        (Deployment(runtime=Runtime.ONNXRUNTIME), "the runtime onnxruntime"),
        (Deployment(layers=(LayerDeployment(0.5),)), "removed heads or channels"),
    ],
)
def test_a_decoder_runs_whole_and_in_torch(deployment, got):
    decoder = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (16,)),), "decoder")
    assert Candidate(decoder, Deployment(Precision.BF16, threads=2)).deployment.threads == 2
    with pytest.raises(SpaceError, match=f"got {got}"):
        Candidate(decoder, deployment)


def test_the_whole_deployment_forgets_single_layers():
    deployment = Deployment(threads=2, layers=(LayerDeployment(0.5),))
    assert deployment.whole == Deployment(threads=2)
