"""Heads against independent oracles: torch's FFT, scipy's DCT, naive loops."""

import math

import pytest
import scipy.fft
import torch

from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.models.heads import ConvolutionHeads, head_group

BATCH, LENGTH, COUNT, WIDTH = 2, 11, 3, 5


def group_and_input(kind: HeadKind, length: int = LENGTH):
    torch.manual_seed(7)
    group = head_group(kind, COUNT, WIDTH, length, dropout=0.0)
    for parameter in group.parameters():
        torch.nn.init.normal_(parameter)
    return group.eval(), torch.randn(BATCH, length, group.inputs)


def per_head(features: torch.Tensor) -> torch.Tensor:
    return features.reshape(*features.shape[:2], COUNT, WIDTH).transpose(1, 2)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 11, 30])
def test_fourier_heads_are_the_real_part_of_the_2d_fourier_transform(length):
    group, values = group_and_input(HeadKind.FOURIER, length)
    expected = torch.fft.fft2(per_head(values), norm="ortho").real
    torch.testing.assert_close(per_head(group(values, None)), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 11, 30])
def test_cosine_heads_are_the_2d_cosine_transform(length):
    group, values = group_and_input(HeadKind.COSINE, length)
    expected = torch.from_numpy(scipy.fft.dctn(per_head(values).numpy(), axes=(2, 3), norm="ortho"))
    torch.testing.assert_close(per_head(group(values, None)), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("kind", [HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE])
def test_attention_heads_are_softmax_of_products_times_values(kind):
    group, projected = group_and_input(kind)
    queries, keys, values = (per_head(part) for part in projected.chunk(3, dim=-1))
    if kind is HeadKind.WEIGHTED_MULTIPLICATIVE:
        queries = torch.einsum("bnlv,nvw->bnlw", queries, group.weight)
    scores = torch.einsum("bniw,bnjw->bnij", queries, keys) / math.sqrt(WIDTH)
    expected = torch.einsum("bnij,bnjw->bniw", scores.softmax(-1), values)
    torch.testing.assert_close(per_head(group(projected, None)), expected, atol=1e-5, rtol=1e-5)


def naive_dynamic_convolution(group: ConvolutionHeads, projected: torch.Tensor) -> torch.Tensor:
    queries, keys, values = (per_head(part).double() for part in projected.chunk(3, dim=-1))
    depthwise = group.depthwise.double().reshape(group.kernel, COUNT, WIDTH)
    reach = group.kernel // 2
    result = torch.zeros_like(values)
    for b in range(values.shape[0]):
        for n in range(COUNT):
            for i in range(values.shape[2]):
                near = [(k, i + k - reach) for k in range(group.kernel) if 0 <= i + k - reach < values.shape[2]]
                span = sum(depthwise[k, n] * keys[b, n, j] for k, j in near)
                span = span @ group.pointwise[n].double() + group.pointwise_bias[n, 0].double()
                logits = (span * queries[b, n, i]) @ group.generator[n].double() + group.generator_bias[n, 0].double()
                weights = logits.softmax(0)
                result[b, n, i] = sum(weights[k] * values[b, n, j] for k, j in near)
    return result


@torch.no_grad()
@pytest.mark.parametrize("kind", [HeadKind.CONVOLUTION_5, HeadKind.CONVOLUTION_9, HeadKind.CONVOLUTION_13])
def test_convolution_heads_equal_a_naive_loop(kind):
    group, projected = group_and_input(kind)
    expected = naive_dynamic_convolution(group, projected).float()
    torch.testing.assert_close(per_head(group(projected, None)), expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("kind", [kind for kind in HEAD_KINDS if kind.kernel])
def test_convolution_heads_in_training_equal_those_at_inference(kind):
    group, projected = group_and_input(kind)
    mask = torch.ones(BATCH, LENGTH, dtype=torch.bool)
    mask[0, 6:] = False
    for kept in (None, mask):
        expected = group.eval()(projected, kept)
        torch.testing.assert_close(group.train()(projected, kept), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_excluded_positions_never_reach_kept_ones(kind):
    group, projected = group_and_input(kind)
    mask = torch.ones(BATCH, LENGTH, dtype=torch.bool)
    mask[0, 6:] = False
    mask[1, [0, 3, 10]] = False
    changed = torch.where(mask.unsqueeze(-1), projected, torch.full_like(projected, 1e4))
    torch.testing.assert_close(group(changed, mask)[mask], group(projected, mask)[mask], atol=1e-6, rtol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_a_padded_sequence_gives_what_the_sequence_alone_gives(kind):
    group, projected = group_and_input(kind)
    mask = (torch.arange(LENGTH) < 7).expand(BATCH, LENGTH)
    torch.testing.assert_close(group(projected, mask)[:, :7], group(projected[:, :7], None), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_constant_matrices_stay_out_of_the_state_dict(kind):
    group, _ = group_and_input(kind)
    assert set(group.state_dict()) == {name for name, _ in group.named_parameters()}


@pytest.mark.parametrize("kind", HEAD_KINDS)
def test_gradients_reach_every_parameter_and_the_input(kind):
    group, projected = group_and_input(kind)
    projected.requires_grad_()
    group(projected, None).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in group.parameters())
    assert projected.grad.abs().sum() > 0
