"""The operations of attention heads: one class per operation, each computing all heads of its kind in a layer at once.

A group of `n` heads of width `w` reads its slice of the layer's fused projection and returns its heads side by side.
Groups whose `queries` is true read queries, keys and values (`batch x length x 3 n w`); the others read values alone
(`batch x length x n w`). Every group returns `batch x length x n w`.

Positions that the mask excludes never influence the others. A sequence that is padded on the right gives the same
outputs at its kept positions as the sequence alone.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.candidate import HeadKind
from search_spaces.models.bases import cosine_basis, fourier_over_sequence, fourier_over_width


class HeadGroup(nn.Module, ABC):
    """All heads of one kind in one layer.

    Attributes:
        queries: whether the operation reads queries and keys beside values.
    """

    queries: bool

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.count = count
        self.width = width

    @property
    def inputs(self) -> int:
        """Features of the fused projection that this group reads."""
        return (3 if self.queries else 1) * self.count * self.width

    @abstractmethod
    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the heads' outputs, `batch x length x (count width)`.

        Args:
            projected: this group's slice of the projection, `batch x length x inputs`.
            mask: `batch x length`, true where a position is kept; None keeps all.
        """


class ScaledDotProductHeads(HeadGroup):
    """softmax(q k^T / sqrt(width)) v.

    Source: Vaswani et al., "Attention Is All You Need" (arXiv:1706.03762), equation 1.
    """

    queries = True

    def __init__(self, count: int, width: int, dropout: float) -> None:
        super().__init__(count, width)
        self.dropout = dropout

    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """See the base class."""
        queries, keys, values = self._split(projected)
        return self._attend(queries, keys, values, mask)

    def _split(self, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        parts = _split_last(projected, 3, self.count, self.width).permute(2, 0, 3, 1, 4)  # (3, b, n, l, w)
        queries, keys, values = parts.unbind(0)
        return queries, keys, values

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        kept = None if mask is None else mask[:, None, None, :]
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=kept, dropout_p=dropout)
        return mixed.transpose(1, 2).flatten(2)


class WeightedMultiplicativeHeads(ScaledDotProductHeads):
    """softmax(q W k^T / sqrt(width)) v, with a learned `width x width` matrix W per head.

    W starts at the identity, where the operation is the scaled dot product.

    Source: multiplicative attention of Luong et al. (arXiv:1508.04025), with the scale of FlexiBERT (arXiv:2205.11656).
    """

    def __init__(self, count: int, width: int, dropout: float) -> None:
        super().__init__(count, width, dropout)
        self.weight = nn.Parameter(torch.eye(width).repeat(count, 1, 1))  # (n, w, w)

    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """See the base class."""
        queries, keys, values = self._split(projected)
        return self._attend(torch.matmul(queries, self.weight), keys, values, mask)


class FourierHeads(HeadGroup):
    """Real part of the orthonormal 2-D Fourier transform of the values over sequence and width.

    The sequence's period is the input spec's length for shorter sequences too (as if padded with zeros), so that
    padding does not change the result.
    """

    queries = False
    over_sequence: Tensor
    over_width: Tensor

    def __init__(self, count: int, width: int, length: int) -> None:
        super().__init__(count, width)
        self.register_buffer("over_sequence", fourier_over_sequence(length), persistent=False)
        self.register_buffer("over_width", fourier_over_width(width).flatten(1), persistent=False)  # (w, 2 w)

    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """See the base class."""
        values = _silence(projected, mask)
        length = values.shape[1]
        waves = _over_width(values, self.over_width)  # (b, l, n, 2 w)
        waves = _split_last(waves, 2, self.width).permute(0, 3, 1, 2, 4).flatten(3).flatten(1, 2)  # (b, 2 l, n w)
        basis = self.over_sequence[:length, :, :length].flatten(1)  # (l, 2 l)
        return torch.matmul(basis, waves)


class CosineHeads(HeadGroup):
    """Orthonormal 2-D discrete cosine transform (type II) of the values over sequence and width.

    As for `FourierHeads`, shorter sequences are treated as if padded with zeros to the input spec's length.
    """

    queries = False
    over_sequence: Tensor
    over_width: Tensor

    def __init__(self, count: int, width: int, length: int) -> None:
        super().__init__(count, width)
        self.register_buffer("over_sequence", cosine_basis(length), persistent=False)
        self.register_buffer("over_width", cosine_basis(width).t().contiguous(), persistent=False)

    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """See the base class."""
        values = _silence(projected, mask)
        length = values.shape[1]
        waves = _over_width(values, self.over_width).flatten(2)
        return torch.matmul(self.over_sequence[:length, :length], waves)


class ConvolutionHeads(HeadGroup):
    """Span-based dynamic convolution: each position mixes its neighbourhood with weights made from what it sees there.

    A depthwise-separable convolution summarises the keys around a position; times the query, a linear layer turns it
    into `kernel` weights, softmax-normalised, that average the values around the position.

    The two sums over the neighbourhood have two forms with equal results. At inference they are element-wise products:
    at batch 1 torch's grouped convolution costs 120 us and more on a CPU, the product 20 to 70 us. In training, with
    its batches and its gradients, a grouped convolution and one product with a banded `length x length` matrix take
    less than half the time and memory. A traced model (for an ONNX file) takes that form too: unfolding does not
    export, and in onnxruntime its replacement by a gather takes up to twice the time.

    Source: Jiang et al., "ConvBERT: Improving BERT with Span-based Dynamic Convolution" (arXiv:2008.02496), section 3.
    """

    queries = True

    def __init__(self, count: int, width: int, kernel: int) -> None:
        super().__init__(count, width)
        self.kernel = kernel
        bound = 1.0 / math.sqrt(width)
        self.depthwise = nn.Parameter(_uniform(1.0 / math.sqrt(kernel), kernel, count * width))
        self.pointwise = nn.Parameter(_uniform(bound, count, width, width))
        self.pointwise_bias = nn.Parameter(torch.zeros(count, 1, width))
        self.generator = nn.Parameter(_uniform(bound, count, width, kernel))
        self.generator_bias = nn.Parameter(torch.zeros(count, 1, kernel))

    def forward(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """See the base class."""
        size = self.count * self.width
        queries, others = projected[..., :size], projected[..., size:]
        others = _silence(others, mask)
        banded = self.training or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        return self._banded(queries, others) if banded else self._unfolded(queries, others)

    def _unfolded(self, queries: Tensor, others: Tensor) -> Tensor:
        """Sums over unfolded neighbourhoods: few small operations."""
        keys, values = self._windows(others).chunk(2, dim=-1)  # each (b, l, k, n w)
        spans = self._heads((keys * self.depthwise).sum(2))
        spans = spans.matmul(self.pointwise) + self.pointwise_bias  # (b, n, l, w)
        weights = self._weights(queries, spans).permute(0, 2, 3, 1).unsqueeze(-1)  # (b, l, k, n, 1)
        return (_split_last(values, self.count, self.width) * weights).sum(2).flatten(2)

    def _banded(self, queries: Tensor, others: Tensor) -> Tensor:
        """Sums by convolution and by a matrix whose row i holds the weights of position i at its neighbours."""
        keys, values = others.chunk(2, dim=-1)  # each (b, l, n w)
        reach, length = self.kernel // 2, others.shape[1]
        filters = self.depthwise.t().unsqueeze(1)  # (n w, 1, k)
        spans = functional.conv1d(keys.transpose(1, 2), filters, padding=reach, groups=keys.shape[-1])
        spans = self._heads(spans.transpose(1, 2).contiguous()).matmul(self.pointwise) + self.pointwise_bias
        weights = self._weights(queries, spans)  # (b, n, l, k)
        # rows of k weights and l zeros, read again as rows one shorter: each row starts one place further right
        row = length + self.kernel - 1
        padded = functional.pad(weights, (0, length)).flatten(2)[..., : length * row]
        band = _split_last(padded, length, row)[..., reach : reach + length]  # (b, n, l, l)
        return torch.matmul(band, self._heads(values.contiguous())).transpose(1, 2).flatten(2)

    def _weights(self, queries: Tensor, spans: Tensor) -> Tensor:
        """Returns each position's weights on its neighbourhood, `batch x heads x length x kernel`.

        Args:
            queries: `batch x length x (count width)`.
            spans: summaries of the keys around each position, `batch x heads x length x width`.
        """
        scores = (spans * self._heads(queries)).matmul(self.generator) + self.generator_bias
        return scores.softmax(-1)

    def _heads(self, features: Tensor) -> Tensor:
        return _split_last(features, self.count, self.width).transpose(1, 2)

    def _windows(self, features: Tensor) -> Tensor:
        """Returns each position's neighbourhood, `batch x length x kernel x features`, zeros beyond the ends."""
        reach = self.kernel // 2
        return functional.pad(features, (0, 0, reach, reach)).unfold(1, self.kernel, 1).transpose(2, 3)


def head_group(kind: HeadKind, count: int, width: int, length: int, dropout: float) -> HeadGroup:
    """Returns the module that computes `count` heads of `kind` and `width`.

    Args:
        kind: the operation.
        count: how many heads.
        width: features of each head.
        length: the longest sequence, in positions.
        dropout: probability of dropping an attention weight (dot-product kinds only).
    """
    if kind is HeadKind.SCALED_DOT_PRODUCT:
        return ScaledDotProductHeads(count, width, dropout)
    if kind is HeadKind.WEIGHTED_MULTIPLICATIVE:
        return WeightedMultiplicativeHeads(count, width, dropout)
    if kind is HeadKind.FOURIER:
        return FourierHeads(count, width, length)
    if kind is HeadKind.COSINE:
        return CosineHeads(count, width, length)
    kernel = kind.kernel
    if kernel is None:
        raise NotImplementedError(f"no module computes heads of kind {kind.value}")
    return ConvolutionHeads(count, width, kernel)


def _uniform(bound: float, *shape: int) -> Tensor:
    return torch.empty(shape).uniform_(-bound, bound)


def _split_last(features: Tensor, *sizes: int) -> Tensor:
    """Returns a view whose last dimension is split into `sizes`."""
    return features.view(*features.shape[:-1], *sizes)


def _over_width(values: Tensor, basis: Tensor) -> Tensor:
    """Returns every head of `values` (`batch x length x (count width)`) times `basis`, as one flat product."""
    batch, length, _ = values.shape
    return torch.mm(values.reshape(-1, basis.shape[0]), basis).view(batch, length, -1, basis.shape[1])


def _silence(features: Tensor, mask: Tensor | None) -> Tensor:
    """Returns `features` with zeros at excluded positions, even where those hold NaN."""
    return features if mask is None else features.masked_fill(~mask.unsqueeze(-1), 0.0)
