"""One encoder layer: heads of several kinds side by side, then a feed-forward stack, both post-norm."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces.candidate import Layer
from search_spaces.models.heads import HeadGroup, head_group

NORM_EPSILON = 1e-12  # BERT's


class MixedAttention(nn.Module):
    """The attention of one layer: one fused projection, a group of heads per kind, one output projection.

    The projection makes values for every head, and queries and keys only for the heads that read them.
    """

    def __init__(self, layer: Layer, length: int, dropout: float) -> None:
        super().__init__()
        width = layer.head_width
        groups: list[HeadGroup] = [
            head_group(kind, count, width, length, dropout) for kind, count in layer.head_counts().items() if count
        ]
        self.sizes = [group.inputs for group in groups]
        self.project = nn.Linear(layer.hidden, sum(self.sizes))
        self.groups = nn.ModuleList(groups)
        self.output = nn.Linear(len(layer.heads) * width, layer.hidden)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the attention's output, `batch x length x hidden`, for `states` of the same shape."""
        projected = self.project(states)
        if len(self.groups) == 1:
            mixed = self.groups[0](projected, mask)
        else:
            parts = projected.split(self.sizes, dim=-1)
            mixed = torch.cat([group(part, mask) for group, part in zip(self.groups, parts, strict=True)], dim=-1)
        return self.output(mixed)  # type: ignore[no-any-return]


def feed_forward_stack(layer: Layer, *, bias: bool = True, approximate: str = "none") -> nn.Sequential:
    """Returns hidden -> size 1 -> ... -> size S -> hidden, with GELU after every size.

    Args:
        layer: its sizes.
        bias: whether the linear layers have one.
        approximate: torch's name for how GELU is computed: "none" is exact, "tanh" is GPT-2's.
    """
    modules: list[nn.Module] = []
    previous = layer.hidden
    for size in layer.feed_forward:
        modules += [nn.Linear(previous, size, bias), nn.GELU(approximate)]
        previous = size
    return nn.Sequential(*modules, nn.Linear(previous, layer.hidden, bias))


class EncoderLayer(nn.Module):
    """Attention and feed-forward stack, each with residual and layer norm after it (post-norm, as in BERT).

    Where the next layer's hidden size differs, a linear projection to it follows.
    """

    def __init__(self, layer: Layer, next_hidden: int | None, length: int, dropout: float) -> None:
        super().__init__()
        self.attention = MixedAttention(layer, length, dropout)
        self.attention_norm = nn.LayerNorm(layer.hidden, eps=NORM_EPSILON)
        self.feed_forward = feed_forward_stack(layer)
        self.feed_forward_norm = nn.LayerNorm(layer.hidden, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(dropout)
        changes = next_hidden is not None and next_hidden != layer.hidden
        self.transition = nn.Linear(layer.hidden, next_hidden) if changes and next_hidden else None

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the layer's output, `batch x length x next hidden`, for `states` `batch x length x hidden`."""
        states = self.attention_norm(states + self.dropout(self.attention(states, mask)))
        states = self.feed_forward_norm(states + self.dropout(self.feed_forward(states)))
        return states if self.transition is None else self.transition(states)
