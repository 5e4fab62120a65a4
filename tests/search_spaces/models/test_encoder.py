"""Whole models: shapes, published sizes, padding, errors."""

import pytest
import torch

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import build_model, example_input

TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=50)
WINDOWS = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
MIXED = Architecture(
    (
        Layer(28, HEAD_KINDS, (16, 24)),
        Layer(12, (HeadKind.FOURIER, HeadKind.CONVOLUTION_9), (8,)),
        Layer(20, (HeadKind.WEIGHTED_MULTIPLICATIVE,), (8, 8, 8)),
    )
)


def bert(hidden: int, heads: int, size: int, depth: int) -> Architecture:
    return Architecture((Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * heads, (size,)),) * depth)


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [(bert(128, 2, 512, 2), 4_385_920), (bert(256, 4, 1024, 4), 11_170_560)],
    ids=["bert-tiny", "bert-mini"],
)
def test_published_berts_have_their_published_number_of_parameters(architecture, parameters):
    """Source: the checkpoints of Turc et al. (arXiv:1908.08962), encoder with pooler."""
    with torch.device("meta"):
        model = build_model(architecture, InputSpec(InputKind.TOKENS, length=128, classes=2))
    classifier = sum(p.numel() for p in model.classifier.output.parameters())
    assert sum(p.numel() for p in model.parameters()) - classifier == parameters


@pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
def test_a_mixed_model_trains_on_any_length_up_to_the_specs(spec):
    torch.manual_seed(0)
    model = build_model(MIXED, spec)
    for batch, missing in [(1, 0), (3, 0), (2, spec.length // 2)]:
        inputs = example_input(spec, batch, seed=1)[..., : spec.length - missing]
        logits = model(inputs)
        assert logits.shape == (batch, spec.classes)
        logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


@torch.no_grad()
@pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
def test_padding_on_the_right_does_not_change_the_logits(spec):
    torch.manual_seed(0)
    model = build_model(MIXED, spec).eval()
    whole = example_input(spec, 2, seed=3)
    kept = spec.sequence_length - 4
    patch = 1 if spec.kind is InputKind.TOKENS else spec.patch
    mask = (torch.arange(spec.sequence_length) < kept).expand(2, -1)
    alone = model(whole[..., : kept * patch])
    torch.testing.assert_close(model(whole, mask), alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_an_example_without_kept_positions_stays_finite_for_the_others():
    model = build_model(MIXED, WINDOWS).eval()
    mask = torch.ones(2, WINDOWS.sequence_length, dtype=torch.bool)
    mask[1] = False
    inputs = example_input(WINDOWS, 2, seed=0)
    torch.testing.assert_close(model(inputs, mask)[:1], model(inputs)[:1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_samples_after_the_last_whole_patch_do_not_matter():
    model = build_model(MIXED, WINDOWS).eval()
    inputs = example_input(WINDOWS, 1, seed=0)
    torch.testing.assert_close(model(inputs), model(inputs[..., :150]))


@pytest.mark.parametrize("spec", [TOKENS, WINDOWS], ids=["tokens", "windows"])
def test_example_inputs_depend_on_the_seed_alone(spec):
    first = example_input(spec, 2, seed=5)
    torch.manual_seed(99)
    assert torch.equal(first, example_input(spec, 2, seed=5))
    assert not torch.equal(first, example_input(spec, 2, seed=6))


@pytest.mark.parametrize("shape", [(2, 13), (2, 3, 12)], ids=["too long", "not tokens"])
def test_inputs_of_another_shape_are_refused(shape):
    model = build_model(bert(8, 1, 8, 1), TOKENS)
    with pytest.raises(SpaceError, match="batch x length"):
        model(torch.zeros(shape, dtype=torch.int64))


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_a_dropout_outside_its_range_is_refused(dropout):
    with pytest.raises(SpaceError, match="dropout"):
        build_model(MIXED, WINDOWS, dropout=dropout)
