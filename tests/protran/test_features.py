from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from example_spaces import COMPRESSED, INT8

from protran.features import FAINT_HARDWARE_COLUMNS, HARDWARE_FEATURES, SCORE_FEATURES, FeatureMap
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate
from search_spaces.deployment_space import layer_changes
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.presets import GPT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

WINDOWS = InputSpec(InputKind.WINDOWS, length=150, classes=7, channels=3, patch=5)


@pytest.fixture(scope="module")
def features() -> FeatureMap:
    return FeatureMap(load_space("edge-small"), WINDOWS)


def test_relaxed_genes_at_valid_points_have_the_candidates_own_features(features: FeatureMap) -> None:
    candidates = sample(features.space, 40, SamplingMethod.SOBOL, 0)
    z = torch.as_tensor(features.encoding.encode_many(candidates))
    torch.testing.assert_close(features.of_relaxed(z), features.of_candidates(candidates), rtol=1e-9, atol=1e-9)


def test_token_inputs_have_equal_features_too() -> None:
    features = FeatureMap(load_space("flexibert-v2"), InputSpec(InputKind.TOKENS, length=128, classes=2))
    candidates = sample(features.space, 8, SamplingMethod.SOBOL, 1)
    z = torch.as_tensor(features.encoding.encode_many(candidates))
    torch.testing.assert_close(features.of_relaxed(z), features.of_candidates(candidates), rtol=1e-9, atol=1e-9)


def test_features_are_double_and_finite_anywhere_in_the_cube(features: FeatureMap) -> None:
    points = np.random.default_rng(0).random((64, features.encoding.dimension))
    corners = np.stack([np.zeros(features.encoding.dimension), np.ones(features.encoding.dimension)])
    z = torch.as_tensor(np.concatenate([points, corners])).requires_grad_(True)
    values = features.of_relaxed(z)
    (gradient,) = torch.autograd.grad(values.sum(), z)
    assert values.dtype == torch.float64
    assert torch.isfinite(values).all()
    assert torch.isfinite(gradient).all()


def test_gradients_agree_with_finite_differences(features: FeatureMap) -> None:
    z = torch.as_tensor(np.random.default_rng(1).uniform(0.2, 0.8, (1, features.encoding.dimension)))
    z[:, 0] = 0.9  # deep, so that every gene of the first layer counts
    place = features.columns(["log_macs"])[0]
    leaf = z.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(features.of_relaxed(leaf)[0, place], leaf)
    # not a hidden size: heads have whole widths, whose gradient is passed straight through on purpose
    coordinate = next(i for i, name in enumerate(features.encoding.names) if "size" in name)
    step = torch.zeros_like(z)
    step[0, coordinate] = 1e-6
    difference = features.of_relaxed(z + step)[0, place] - features.of_relaxed(z - step)[0, place]
    assert gradient[0, coordinate].item() == pytest.approx(difference.item() / 2e-6, rel=1e-3)
    assert gradient[0, coordinate] > 0


def test_values_are_what_their_names_say(features: FeatureMap) -> None:
    first = Layer(32, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.CONVOLUTION_5), (64,))
    second = Layer(16, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER), (32,))
    candidate = Candidate(Architecture((first, second)))
    cost = count_candidate(candidate, WINDOWS)
    row = dict(zip(features.names, features.of_candidates([candidate])[0].tolist(), strict=True))
    assert row["log_parameters"] == pytest.approx(np.log1p(cost.parameters))
    assert row["log_depth"] == pytest.approx(np.log(3))
    assert row["mean_log_hidden"] == pytest.approx((np.log(32) + np.log(16)) / 2)
    assert row["min_log_width"] == pytest.approx(np.log(8))
    assert row["mean_stack_depth"] == 1.0
    assert row["share_sa_sdp"] == row["share_attention"] == 0.5
    assert row["share_c_5"] == row["share_convolution"] == 0.25
    assert row["log_threads"] == 0.0


def test_the_key_depends_on_the_input_spec_and_on_nothing_by_chance(features: FeatureMap) -> None:
    again = FeatureMap(load_space("edge-small"), WINDOWS)
    other = FeatureMap(load_space("edge-small"), InputSpec(InputKind.WINDOWS, length=300, classes=7, channels=3))
    assert again.key == features.key
    assert other.key != features.key


@pytest.mark.parametrize("chosen", [HARDWARE_FEATURES, SCORE_FEATURES])
def test_the_chosen_features_exist(features: FeatureMap, chosen: tuple[str, ...]) -> None:
    assert [features.names[place] for place in features.columns(chosen)] == list(chosen)


def test_an_unknown_feature_is_named(features: FeatureMap) -> None:
    with pytest.raises(ValueError, match="log_luck"):
        features.columns(["log_luck"])


def test_no_candidates_are_refused(features: FeatureMap) -> None:
    with pytest.raises(ValueError, match="one or more candidates"):
        features.of_candidates([])


def test_a_space_with_several_deployments_has_features_that_tell_them_apart() -> None:
    features = FeatureMap(COMPRESSED, WINDOWS)
    candidates = sample(COMPRESSED, 40, SamplingMethod.RANDOM, seed=0)
    rows = dict(zip(features.names, features.of_candidates(candidates).T.tolist(), strict=True))
    int8 = [candidate.deployment.precision.is_int8 for candidate in candidates]
    assert [share > 0 for share in rows["int8_share"]] == [
        is_int8 and any(not change.keep_fp32 for change in layer_changes(candidate))
        for is_int8, candidate in zip(int8, candidates, strict=True)
    ]
    assert rows["onnxruntime"] == [float(is_int8) for is_int8 in int8]
    assert "int8_share" in features.score_names
    assert "onnxruntime" not in features.score_names


def test_relaxed_features_of_deployed_candidates_are_their_own() -> None:
    features = FeatureMap(COMPRESSED, WINDOWS)
    candidates = sample(COMPRESSED, 40, SamplingMethod.RANDOM, seed=1)
    relaxed = features.of_relaxed(torch.from_numpy(features.encoding.encode_many(candidates)))
    torch.testing.assert_close(relaxed, features.of_candidates(candidates))


def test_features_of_compressed_candidates_are_finite_anywhere_in_the_cube() -> None:
    features = FeatureMap(COMPRESSED, WINDOWS)
    torch.manual_seed(3)
    assert torch.isfinite(features.of_relaxed(torch.rand(3000, features.encoding.dimension, dtype=torch.float64))).all()


def test_layers_kept_in_fp32_are_seen_where_there_is_one_deployment() -> None:
    space = dataclasses.replace(COMPRESSED, deployments=(INT8,))
    features = FeatureMap(space, WINDOWS)
    shares = features.of_candidates(sample(space, 30, SamplingMethod.RANDOM, seed=2))[
        :, features.columns(["int8_share"])
    ]
    assert len(shares.unique()) > 1


def test_a_space_with_one_deployment_has_no_features_of_it(features: FeatureMap) -> None:
    assert features.names[-1] == "share_convolution"


def test_roots_and_biases_are_what_their_names_say() -> None:
    space = load_space("gpt-small")
    features = FeatureMap(space, GPT_INPUT)
    candidates = sample(space, 12, SamplingMethod.RANDOM, seed=0)
    rows = dict(zip(features.names, features.of_candidates(candidates).T.tolist(), strict=True))
    costs = [count_candidate(candidate, GPT_INPUT) for candidate in candidates]
    assert rows["root_macs"] == pytest.approx([np.sqrt(1 + cost.macs) for cost in costs])
    assert rows["root_depth"] == pytest.approx([np.sqrt(1 + cost.depth) for cost in costs])
    assert rows["bias"] == [float(candidate.architecture.bias) for candidate in candidates]
    assert 0.0 < sum(rows["bias"]) < 12.0


def test_faint_columns_are_the_mix_of_operations_among_the_hardware_features(features: FeatureMap) -> None:
    names = [features.hardware_names[place] for place in FAINT_HARDWARE_COLUMNS]
    assert names == ["log_macs_attention_mixing", "log_macs_fourier", "log_macs_convolution"]
