"""The backward pass of every kind of head, in its training form; see `operations.py` for the conventions.

With dropout, torch's `scaled_dot_product_attention` leaves its CPU kernel, which computes the length x length map in
blocks and never holds it, for plain products, which keep three such maps of every head: the softmax, the mask, and what
the mask leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.candidate import HeadKind
from search_spaces.memory.breakdown import Kept
from search_spaces.memory.operations import Operation, copied, dropout, joined


@dataclass(frozen=True)
class Group:
    """All heads of one kind in one layer, on one micro-batch.

    Attributes:
        kind: their operation.
        count: how many.
        width: features of each.
        length: positions.
        batch: sequences in the micro-batch.
        dropout: whether dropout is on.
        projection: numbers of the layer's fused projection, if no earlier group keeps it; else 0.
        consumed: numbers of the gradient that is no longer needed once this group has read it.
    """

    kind: HeadKind
    count: int
    width: int
    length: int
    batch: int
    dropout: bool
    projection: int
    consumed: int

    @property
    def size(self) -> int:
        """Numbers in the group's output, and in its queries, keys or values."""
        return self.batch * self.length * self.count * self.width

    @property
    def positions(self) -> int:
        """Positions of all heads and sequences."""
        return self.batch * self.length * self.count

    @property
    def apart(self) -> bool:
        """Whether heads and sequences lie apart in memory, so that a batched product copies what it reads."""
        return self.batch > 1 and self.count > 1

    @property
    def keeps_projection(self) -> bool:
        """Whether a view of the layer's fused projection is kept."""
        if self.kind in (HeadKind.FOURIER, HeadKind.COSINE):
            return False
        return self.kind.kernel is not None or not self.dropout or not self.apart

    @property
    def keeps_flat_output(self) -> bool:
        """Whether the output that the CPU kernel keeps is what the next layer reads, without a copy between.

        The kernel writes in the order of its queries: those of q W lie head by head.
        """
        blocked = self.kind is HeadKind.SCALED_DOT_PRODUCT
        blocked = blocked or (self.kind is HeadKind.WEIGHTED_MULTIPLICATIVE and self.count == 1)
        return blocked and not self.dropout


def head_operations(group: Group) -> list[Operation]:
    """Returns the backward of `group`, from the gradient of its output to that of its part of the projection."""
    if group.kind is HeadKind.FOURIER:
        return _fourier(group)
    if group.kind is HeadKind.COSINE:
        return [Operation(made=group.size, change=group.size - group.consumed), Operation(made=group.size)]
    if group.kind.kernel is not None:
        return _convolution(group, group.kind.kernel)
    weighted = group.kind is HeadKind.WEIGHTED_MULTIPLICATIVE
    operations = _mapped(group, weighted) if group.dropout else _blocked(group, weighted)
    if weighted:
        operations += _weighting(group)
    return [*operations, copied(3 * group.size), copied(3 * group.size)]  # stacked, then put into features' order


def _projection(group: Group) -> dict[Kept, int]:
    return {Kept.PROJECTION: group.projection} if group.projection else {}


def _mapped(group: Group, weighted: bool) -> list[Operation]:
    """Returns the backward of attention by plain products."""
    size, maps = group.size, group.positions * group.length
    operations, consumed = _gathered(group)
    if group.apart:
        values = {Kept.HEAD_INPUT: size}
    elif weighted:
        values = {}  # a view of the projection, as are the queries, which are read last: see _weighting
    else:
        values = _projection(group)
    return [
        *operations,
        Operation({Kept.ATTENTION_MAP: maps, **values}, size + maps, size + maps - consumed),
        dropout(maps),
        Operation({Kept.ATTENTION_MAP: maps}, made=maps),
        Operation({Kept.HEAD_INPUT: 2 * size}, 2 * size, 2 * size - maps),
        copied(size),  # the scale of the keys, then of the queries
        copied(size),
    ]


def _blocked(group: Group, weighted: bool) -> list[Operation]:
    """Returns the backward of attention by torch's CPU kernel; its queries are a copy where W has multiplied them."""
    size = group.size
    kept = {Kept.HEAD_OUTPUT: size, Kept.HEAD_STATISTICS: group.positions}
    kept |= {Kept.HEAD_INPUT: size} if weighted else _projection(group)
    return [Operation(kept, 3 * size, 3 * size - group.consumed)]


def _weighting(group: Group) -> list[Operation]:
    """Returns the backward of q W."""
    size, weights = group.size, group.count * group.width**2
    repeated = group.batch * weights
    kept = {} if group.dropout and group.apart else _projection(group)
    if group.apart:
        kept |= {Kept.HEAD_INPUT: size, Kept.WEIGHT_COPY: repeated}
    return [
        Operation(kept, repeated + size, repeated),
        Operation(made=weights, change=-repeated, gradients=weights),
    ]


def _gathered(group: Group) -> tuple[list[Operation], int]:
    """Returns the copy of the gradient before a batched product, if one is made, and what that product consumes."""
    if not group.apart:
        return [], group.consumed
    return [Operation(made=group.size, change=group.size - group.consumed)], group.size


def _fourier(group: Group) -> list[Operation]:
    size = group.size
    return [
        Operation(made=2 * size, change=2 * size - group.consumed),
        copied(2 * size),
        Operation(made=size, change=-size),
    ]


def _convolution(group: Group, kernel: int) -> list[Operation]:
    """Returns the backward of dynamic convolutions in their banded form, mixing first."""
    size, positions, length = group.size, group.positions, group.length
    maps, padded = positions * length, positions * (length + kernel)
    shifted = positions * (length + kernel - 1)
    reordered = [copied(size)] if group.count > 1 else []
    gathered, consumed = _gathered(group)
    return [
        *gathered,
        Operation({Kept.MIXING_WEIGHTS: padded, Kept.HEAD_INPUT: size}, size + maps, size + maps - consumed),
        *reordered,
        Operation(made=shifted, change=shifted - maps),  # from the band to the padded weights, slice by slice
        Operation(made=padded, change=padded - shifted),
        Operation(made=positions * kernel, change=positions * kernel - padded),
        Operation({Kept.MIXING_WEIGHTS: positions * kernel}, made=positions * kernel),
        *_products(group, kernel),
        Operation({Kept.HEAD_INPUT: size}, 2 * size, size),  # spans times queries
        *reordered,
        *_products(group, group.width),
        *reordered,
        *_spans(group, kernel),
    ]


def _products(group: Group, outputs: int) -> list[Operation]:
    """Returns the backward of a product of every head with its own `width x outputs` matrix, and of the bias after."""
    matrices, incoming = group.count * group.width * outputs, group.positions * outputs
    repeated = group.batch * matrices
    copies = {Kept.WEIGHT_COPY: repeated} if group.apart else {}
    biases = group.count * outputs
    return [
        Operation(made=biases, gradients=biases),
        Operation({Kept.HEAD_INPUT: group.size, **copies}, repeated + group.size, repeated + group.size - incoming),
        Operation(made=matrices, change=-repeated, gradients=matrices),
    ]


def _spans(group: Group, kernel: int) -> list[Operation]:
    """Returns the backward of the convolution over keys, and of the slices of the projection."""
    size, filters = group.size, kernel * group.count * group.width
    return [
        Operation(_projection(group), size + filters, filters),
        Operation(made=filters, change=-filters, gradients=filters),  # into the parameter's own order
        copied(2 * size),  # keys and values side by side
        Operation(made=3 * size, change=size),  # each slice fills a projection of its own
        Operation(made=3 * size, change=2 * size),
        joined(3 * size),
    ]
