"""Encoder layers against torch's own."""

import torch

from search_spaces.candidate import HEAD_KINDS, HeadKind, Layer
from search_spaces.models.layers import NORM_EPSILON, EncoderLayer, MixedAttention


def torch_layer_like(ours: EncoderLayer, hidden: int, heads: int, size: int) -> torch.nn.TransformerEncoderLayer:
    theirs = torch.nn.TransformerEncoderLayer(
        hidden, heads, size, dropout=0.0, activation="gelu", layer_norm_eps=NORM_EPSILON, batch_first=True
    )
    first, _, last = ours.feed_forward
    pairs = {
        theirs.self_attn.in_proj_weight: ours.attention.project.weight,
        theirs.self_attn.in_proj_bias: ours.attention.project.bias,
        theirs.self_attn.out_proj.weight: ours.attention.output.weight,
        theirs.self_attn.out_proj.bias: ours.attention.output.bias,
        theirs.linear1.weight: first.weight,
        theirs.linear1.bias: first.bias,
        theirs.linear2.weight: last.weight,
        theirs.linear2.bias: last.bias,
    }
    with torch.no_grad():
        for target, source in pairs.items():
            target.copy_(source)
    return theirs


@torch.no_grad()
def test_a_layer_of_dot_product_heads_equals_torchs_post_norm_layer():
    torch.manual_seed(0)
    layer = Layer(24, (HeadKind.SCALED_DOT_PRODUCT,) * 4, (40,))
    ours = EncoderLayer(layer, None, length=9, dropout=0.0).eval()
    theirs = torch_layer_like(ours, 24, 4, 40).train()  # in training mode torch takes the plain path; no dropout
    states = torch.randn(3, 9, 24)
    mask = torch.arange(9).expand(3, 9) < torch.tensor([[9], [5], [1]])
    torch.testing.assert_close(ours(states, None), theirs(states), atol=1e-5, rtol=1e-5)
    expected = theirs(states, src_key_padding_mask=~mask)
    torch.testing.assert_close(ours(states, mask)[mask], expected[mask], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_heads_of_several_kinds_stand_side_by_side_in_the_order_of_the_kinds():
    torch.manual_seed(0)
    layer = Layer(21, HEAD_KINDS, (8,))
    attention = MixedAttention(layer, length=6, dropout=0.0).eval()
    states = torch.randn(2, 6, 21)
    parts = attention.project(states).split(attention.sizes, dim=-1)
    each = [group(part, None) for group, part in zip(attention.groups, parts, strict=True)]
    assert [part.shape[-1] for part in each] == [3] * 7
    torch.testing.assert_close(attention(states, None), attention.output(torch.cat(each, -1)))


def test_only_heads_that_read_queries_and_keys_pay_for_them():
    layer = Layer(16, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.FOURIER, HeadKind.COSINE, HeadKind.CONVOLUTION_5), (8,))
    attention = MixedAttention(layer, length=6, dropout=0.0)
    assert attention.project.out_features == 4 * (3 + 1 + 1 + 3)


def test_twelve_heads_of_width_ten_map_back_to_a_hidden_size_of_128():
    attention = MixedAttention(Layer(128, (HeadKind.SCALED_DOT_PRODUCT,) * 12, (8,)), length=4, dropout=0.0)
    assert (attention.output.in_features, attention.output.out_features) == (120, 128)


def test_a_projection_follows_only_where_the_hidden_size_changes():
    layer = Layer(16, (HeadKind.COSINE,), (8,))
    assert EncoderLayer(layer, 16, 4, 0.0).transition is None
    assert EncoderLayer(layer, None, 4, 0.0).transition is None
    transition = EncoderLayer(layer, 32, 4, 0.0).transition
    assert transition is not None
    assert transition.out_features == 32
