"""The decoder: GPT-2's layers, which predict the next token at every position.

Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), and the code of its models.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.candidate import Architecture, Layer
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputSpec
from search_spaces.models.heads import ScaledDotProductHeads
from search_spaces.models.inputs import INITIAL_DEVIATION, TextEmbedding
from search_spaces.models.layers import feed_forward_stack


class CausalHeads(ScaledDotProductHeads):
    """softmax(q k^T / sqrt(width)) v over the position itself and those before it."""

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        seen = None
        if mask is not None:
            length = queries.shape[-2]
            seen = mask[:, None, None, :] & torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
        mixed = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=seen, dropout_p=dropout, is_causal=seen is None
        )
        return mixed.transpose(1, 2).flatten(2)


class CausalAttention(nn.Module):
    """The attention of one layer: a fused projection to queries, keys and values, the heads, an output projection."""

    def __init__(self, layer: Layer, bias: bool, dropout: float) -> None:
        super().__init__()
        self.heads = CausalHeads(len(layer.heads), layer.head_width, dropout)
        self.project = nn.Linear(layer.hidden, self.heads.inputs, bias)
        self.output = nn.Linear(len(layer.heads) * layer.head_width, layer.hidden, bias)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the attention's output, `batch x length x hidden`, for `states` of the same shape."""
        projected = self.project(states)
        mixed = self.heads(projected, mask)
        return self.output(mixed)  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Attention and feed-forward stack, each with a layer norm before it and a residual around both (pre-norm)."""

    def __init__(self, layer: Layer, bias: bool, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(layer.hidden, bias=bias)
        self.attention = CausalAttention(layer, bias, dropout)
        self.feed_forward_norm = nn.LayerNorm(layer.hidden, bias=bias)
        self.feed_forward = feed_forward_stack(layer, bias=bias, approximate="tanh")
        self.dropout = nn.Dropout(dropout)

    def initialise(self, depth: int) -> None:
        """Draws GPT-2's initial weights: at the ends of residual branches, the smaller the more layers there are."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                ends = module in (self.attention.output, self.feed_forward[-1])
                nn.init.normal_(module.weight, std=INITIAL_DEVIATION / (math.sqrt(2 * depth) if ends else 1.0))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the layer's output, `batch x length x hidden`, for `states` of the same shape."""
        states = states + self.dropout(self.attention(self.attention_norm(states), mask))
        return states + self.dropout(self.feed_forward(self.feed_forward_norm(states)))  # type: ignore[no-any-return]


class DecoderModel(nn.Module):
    """A decoder whose output layer is its word embedding.

    Shorter inputs than the input spec's length are welcome, longer ones are refused.
    """

    def __init__(self, architecture: Architecture, input_spec: InputSpec, dropout: float) -> None:
        super().__init__()
        self.input_spec = input_spec
        hidden = architecture.layers[0].hidden
        self.embedding = TextEmbedding(input_spec, hidden, dropout)
        layers = [DecoderLayer(layer, architecture.bias, dropout) for layer in architecture.layers]
        for module in layers:
            module.initialise(len(layers))
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(hidden, bias=architecture.bias)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns logits `batch x length x vocabulary`: at every position those of the token after it.

        Args:
            inputs: token ids int64 `batch x length`.
            mask: `batch x length` bool, true where a token is kept; None keeps all. Logits at other positions mean
                nothing. Padding on the right needs none: no position sees what comes after it.

        Raises:
            SpaceError: the inputs are not of the input spec's shape.
        """
        return functional.linear(self.norm(self.states(inputs, mask)), self.embedding.words.weight)

    def states(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns the last layer's states `batch x length x hidden`, before the last norm; see `forward`."""
        if inputs.dim() != 2 or inputs.shape[1] > self.input_spec.length:
            expected = f"inputs batch x length of length up to {self.input_spec.length}"
            raise SpaceError(f"expected {expected}, got {tuple(inputs.shape)}")
        states: Tensor = self.embedding(inputs)
        for layer in self.layers:
            states = layer(states, mask)
        return states
