from __future__ import annotations

import dataclasses

import pytest

from search_spaces.candidate import Candidate
from search_spaces.deploy_words import DeployWord, deploy_words, widened
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.encoding import Encoding
from search_spaces.errors import SpaceError
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

FP32 = Deployment()
ONNX = Deployment(runtime=Runtime.ONNXRUNTIME)
DYNAMIC = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
STATIC = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)
BF16 = Deployment(Precision.BF16)


@pytest.fixture
def space() -> DesignSpace:
    return load_space("edge-small")


@pytest.mark.parametrize(
    ("words", "deployments"),
    [
        ([], (FP32,)),
        (["fp32"], (FP32,)),
        (["onnx"], (FP32, ONNX)),
        (["int8"], (FP32, DYNAMIC, STATIC)),
        (["int8-dynamic"], (FP32, DYNAMIC)),
        (["int8-static"], (FP32, STATIC)),
        (["bf16"], (FP32, BF16)),
        (["pruned"], (FP32,)),
        (["mixed"], (FP32, DYNAMIC, STATIC)),
        (["int8", "onnx", "mixed", "int8-static"], (FP32, DYNAMIC, STATIC, ONNX)),
    ],
)
def test_words_add_deployments_to_those_of_the_space(space, words, deployments) -> None:
    assert widened(space, deploy_words(words)).deployments == deployments


def test_pruned_gives_every_layer_shares_of_heads_and_channels_to_lose(space) -> None:
    wide = widened(space, deploy_words(["pruned"]))
    assert wide.head_sparsity == wide.feed_forward_sparsity == (0.0, 0.25, 0.5)
    assert wide.keep_fp32 == (False,)
    two = next(c for c in sample(wide, 16, SamplingMethod.SOBOL, 0) if len(c.architecture.layers) == 2).architecture
    assert wide.contains(Candidate(two, Deployment(layers=(LayerDeployment(0.5, 0.25), LayerDeployment(0.0, 0.5)))))


def test_mixed_lets_every_layer_of_an_int8_model_stay_in_fp32(space) -> None:
    wide = widened(space, deploy_words(["mixed"]))
    assert wide.keep_fp32 == (False, True)
    assert wide.head_sparsity == (0.0,)


def test_what_a_space_has_already_is_not_added_again(space) -> None:
    own = dataclasses.replace(space, deployments=(DYNAMIC, BF16), head_sparsity=(0.25, 0.75), keep_fp32=(True,))
    wide = widened(own, deploy_words(["int8", "pruned", "mixed"]))
    assert wide.deployments == (DYNAMIC, BF16, STATIC)
    assert wide.head_sparsity == (0.0, 0.25, 0.5, 0.75)
    assert wide.keep_fp32 == (False, True)
    assert widened(wide, deploy_words(["int8", "pruned", "mixed"])) == wide


def test_no_word_leaves_a_space_and_its_key_as_they_were(space) -> None:
    assert widened(space, ()) == space
    assert widened(space, deploy_words(["fp32"])).key == space.key


def test_a_widened_space_survives_json_and_encodes_its_deployments(space) -> None:
    wide = widened(space, tuple(DeployWord))
    assert DesignSpace.from_json(wide.to_json()) == wide
    one = sample(wide, 1, SamplingMethod.SOBOL, 3)[0].architecture
    rows = [Encoding(wide).encode(Candidate(one, deployment)) for deployment in (FP32, ONNX, DYNAMIC, STATIC, BF16)]
    assert len({row.tobytes() for row in rows}) == 5


@pytest.mark.parametrize("seed", range(4))
def test_a_seed_sample_holds_every_way_of_deployment(space, seed) -> None:
    wide = widened(space, deploy_words(["int8", "pruned", "bf16"]))
    found = sample(wide, 16, SamplingMethod.SOBOL, seed)
    assert {candidate.deployment.precision for candidate in found} == {d.precision for d in wide.deployments}
    changes = [change for candidate in found for change in candidate.deployment.layers]
    assert {change.head_sparsity for change in changes} == set(wide.head_sparsity)
    assert {change.feed_forward_sparsity for change in changes} == set(wide.feed_forward_sparsity)


def test_an_unknown_word_is_one_sentence_with_what_was_meant() -> None:
    with pytest.raises(SpaceError, match=r"^deploy: expected fp32, .* or mixed, got 'int-8'; did you mean int8\?$"):
        deploy_words(["int8", "int-8"])
    with pytest.raises(SpaceError, match="got 'quick'; take one of these"):
        deploy_words(["quick"])


@pytest.mark.parametrize("word", ["pruned", "onnx", "int8", "mixed"])
def test_decoders_run_whole_and_in_torch(word) -> None:
    with pytest.raises(SpaceError, match=f"holds decoders, which run whole and in torch.* got {word}"):
        widened(load_space("gpt-small"), deploy_words(["bf16", word]))


def test_decoders_may_run_in_bf16() -> None:
    assert BF16 in widened(load_space("gpt-small"), deploy_words(["bf16"])).deployments


def test_words_say_what_they_need() -> None:
    assert {word.value for word in DeployWord if word.needs_int8} == {"int8", "int8-dynamic", "int8-static", "mixed"}
    assert {word for word in DeployWord if word.needs_onnxruntime and not word.needs_int8} == {DeployWord.ONNX}
