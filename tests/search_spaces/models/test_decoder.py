"""The decoder: GPT-2's outputs, causality, padding, initial weights, errors."""

import math

import pytest
import torch
from torch import nn

from search_spaces.candidate import Architecture, Family, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.models import DecoderModel, build_model, example_input
from search_spaces.models.build import build_encoder

TEXT = InputSpec(InputKind.TEXT, length=12, classes=50, vocabulary=50)
TOKENS = InputSpec(InputKind.TOKENS, length=12, classes=4, vocabulary=50)
BIASES = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def heads(number: int) -> tuple[HeadKind, ...]:
    return (HeadKind.SCALED_DOT_PRODUCT,) * number


def mixed(bias: bool = True) -> Architecture:
    layers = (Layer(20, heads(4), (16, 24)), Layer(20, heads(3), (8,)), Layer(20, heads(2), (9, 8, 7), width=5))
    return Architecture(layers, Family.DECODER, bias)


def gpt2_with_the_weights_of(model: DecoderModel, layer: Layer, depth: int) -> nn.Module:
    """Returns `transformers`' model of `depth` equal layers, with the weights of ours."""
    transformers = pytest.importorskip("transformers")
    sizes = {"n_embd": layer.hidden, "n_layer": depth, "n_head": len(layer.heads), "n_inner": layer.feed_forward[0]}
    config = transformers.GPT2Config(vocab_size=TEXT.vocabulary, n_positions=TEXT.length, **sizes)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    names = {
        "attention_norm": "ln_1",
        "attention.project": "attn.c_attn",
        "attention.output": "attn.c_proj",
        "feed_forward_norm": "ln_2",
        "feed_forward.0": "mlp.c_fc",
        "feed_forward.2": "mlp.c_proj",
    }
    pairs = {"embedding.words.weight": "wte.weight", "embedding.positions": "wpe.weight"}
    pairs |= {f"norm.{kind}": f"ln_f.{kind}" for kind in ("weight", "bias")}
    for number in range(depth):
        for kind in ("weight", "bias"):
            pairs |= {f"layers.{number}.{ours}.{kind}": f"h.{number}.{name}.{kind}" for ours, name in names.items()}
    parameters = dict(model.named_parameters())
    assert set(pairs) == set(parameters)
    with torch.no_grad():
        for ours, name in pairs.items():
            target = theirs.transformer.get_parameter(name)
            transposed = ours.endswith("weight") and parameters[ours].dim() == 2 and ours.startswith("layers")
            target.copy_(parameters[ours].t() if transposed else parameters[ours])
    return theirs


@torch.no_grad()
def test_the_logits_are_those_of_transformers_gpt2():
    torch.manual_seed(0)
    layer = Layer(24, heads(4), (40,))
    ours = build_model(Architecture((layer,) * 3, Family.DECODER), TEXT).eval()
    for parameter in ours.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))  # as they are drawn, biases are zero and maps are flat
    theirs = gpt2_with_the_weights_of(ours, layer, depth=3)
    for length in (12, 7, 1):
        tokens = example_input(TEXT, 3, seed=length)[:, :length]
        torch.testing.assert_close(ours(tokens), theirs(tokens).logits, atol=1e-5, rtol=1e-5)


@BIASES
def test_a_mixed_decoder_trains_on_any_length_up_to_the_specs(bias):
    torch.manual_seed(0)
    model = build_model(mixed(bias), TEXT)
    for batch, missing in [(1, 0), (3, 0), (2, 6)]:
        logits = model(example_input(TEXT, batch, seed=1)[:, : TEXT.length - missing])
        assert logits.shape == (batch, TEXT.length - missing, TEXT.vocabulary)
        logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def test_without_bias_no_layer_has_one():
    names = [name for name, _ in build_model(mixed(bias=False), TEXT).named_parameters()]
    assert not [name for name in names if name.endswith("bias")]
    assert [name for name, _ in build_model(mixed(), TEXT).named_parameters() if name.endswith("bias")]


@torch.no_grad()
def test_no_position_sees_a_later_token():
    model = build_model(mixed(), TEXT).eval()
    tokens = example_input(TEXT, 2, seed=3)
    changed = tokens.clone()
    changed[:, 8] = (changed[:, 8] + 1) % TEXT.vocabulary
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :8], after[:, :8])
    assert ((before - after)[:, 8:].abs().amax(-1) > 0).all()


@torch.no_grad()
def test_padding_on_the_right_does_not_change_the_logits():
    model = build_model(mixed(), TEXT).eval()
    whole = example_input(TEXT, 2, seed=3)
    mask = torch.arange(12) < torch.tensor([[8], [5]])
    logits = model(whole, mask)
    torch.testing.assert_close(logits[:1, :8], model(whole[:1, :8]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits[1:, :5], model(whole[1:, :5]), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_token_that_the_mask_excludes_is_seen_by_no_other():
    model = build_model(mixed(), TEXT).eval()
    tokens = example_input(TEXT, 1, seed=3)
    mask = torch.arange(12)[None] != 4
    changed = tokens.clone()
    changed[:, 4] = (changed[:, 4] + 1) % TEXT.vocabulary
    torch.testing.assert_close(model(tokens, mask)[mask], model(changed, mask)[mask])


def test_initial_weights_are_gpt2s():
    torch.manual_seed(0)
    depth = 4
    layer = Layer(256, heads(4), (512,))
    model = build_model(Architecture((layer,) * depth, Family.DECODER), TEXT)
    for name, parameter in model.layers.named_parameters():
        if name.endswith(("attention.output.weight", "feed_forward.2.weight")):
            expected = 0.02 / math.sqrt(2 * depth)
        elif "norm" in name or name.endswith("bias"):
            continue
        else:
            expected = 0.02
        assert parameter.std().item() == pytest.approx(expected, rel=0.05)
    assert model.embedding.words.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert all((p == 0).all() for name, p in model.named_parameters() if name.endswith("bias"))


@torch.no_grad()
def test_a_fresh_decoder_knows_nothing_of_the_next_token():
    torch.manual_seed(0)
    tokens = example_input(TEXT, 8, seed=0)
    logits = build_model(mixed(), TEXT).eval()(tokens)
    loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(TEXT.vocabulary), rel=0.05)


def test_example_inputs_of_text_are_token_ids_that_depend_on_the_seed_alone():
    first = example_input(TEXT, 2, seed=5)
    assert (first.dtype, first.shape) == (torch.int64, (2, 12))
    assert first.max() < TEXT.vocabulary
    assert torch.equal(first, example_input(TEXT, 2, seed=5))
    assert not torch.equal(first, example_input(TEXT, 2, seed=6))


@pytest.mark.parametrize("shape", [(2, 13), (2, 3, 12)], ids=["too long", "not tokens"])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(SpaceError, match="batch x length of length up to 12"):
        build_model(mixed(), TEXT)(torch.zeros(shape, dtype=torch.int64))


@pytest.mark.parametrize(
    ("family", "spec", "words"),
    [
        (Family.DECODER, TOKENS, "kind text for the family decoder, got tokens; give another input spec or the family"),
        (Family.ENCODER, TEXT, "kind tokens or windows for the family encoder, got text"),
    ],
)
def test_a_family_refuses_what_it_does_not_read(family, spec, words):
    with pytest.raises(SpaceError, match=words):
        build_model(Architecture((Layer(8, heads(1), (8,)),), family), spec)


def test_who_needs_an_encoder_is_told_that_a_decoder_is_none():
    with pytest.raises(SpaceError, match="expected an encoder, got a decoder"):
        build_encoder(mixed(), TEXT)
