"""What the heads of one kind launch, move and keep alive in a forward pass; see `traffic.py` for the conventions."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.arithmetic import count_of
from search_spaces.candidate import HEAD_KINDS, HeadKind
from search_spaces.genes import Array, Genes

CONVOLUTION_LAUNCHES = 11


@dataclass(frozen=True)
class GroupTraffic:
    """One kind of heads in every layer; each `n x L`.

    Attributes:
        launches: operators launched.
        moved: numbers read and written.
        output: numbers in its result.
        peak: numbers alive at once inside the group, its result included.
    """

    launches: Array
    moved: Array
    output: Array
    peak: Array


def larger(left: Array, right: Array) -> Array:
    """Returns the elementwise maximum in arithmetic that numpy and torch share."""
    return right + (left - right).clip(min=0)


def mixed(genes: Genes) -> Array:
    """Returns 1 where a layer holds several kinds of heads, else 0; `n x L`."""
    present = sum(count_of(genes, kind).clip(max=1) for kind in HEAD_KINDS)
    return (present - 1).clip(min=0, max=1)


def group_traffic(genes: Genes, kind: HeadKind, length: int) -> GroupTraffic:
    """Returns what the heads of `kind` launch, move and keep alive."""
    count, width = count_of(genes, kind), genes.width
    present, several = count.clip(max=1), (count - 1).clip(min=0, max=1)
    size = length * count * width
    if kind is HeadKind.SCALED_DOT_PRODUCT:
        statistics = length * count
        return GroupTraffic(present, 4 * size + statistics, size, size + statistics)
    if kind is HeadKind.WEIGHTED_MULTIPLICATIVE:
        statistics = length * count
        moved = (6 + 2 * several) * size + statistics + count * width * width
        # With several heads the result is copied into the order of the other groups.
        return GroupTraffic(2 * present + several, moved, size, larger((2 + several) * size, 2 * size + statistics))
    if kind is HeadKind.FOURIER or kind is HeadKind.COSINE:
        waves = 2 if kind is HeadKind.FOURIER else 1
        # Beside other kinds the values lie apart in memory, and the product over the width copies them first.
        copied = several * mixed(genes)
        constants = present * waves * (width * width + length * length)
        reordered = 4 if kind is HeadKind.FOURIER else 0
        moved = (2 + 2 * waves + reordered + 2 * copied) * size + constants
        peak = 4 * size if kind is HeadKind.FOURIER else 2 * size
        return GroupTraffic((1 + waves) * present + copied, moved, size, peak)
    return _convolution_traffic(count, width, length, kind.kernel or 0)


def _convolution_traffic(count: Array, width: Array, length: int, kernel: int) -> GroupTraffic:
    size, features = length * count * width, count * width
    weights = length * count * kernel
    padded = 2 * (length + kernel - 1) * features
    moved = 2 * size + padded + (6 * kernel + 10) * size + 6 * weights
    moved = moved + features * (2 * kernel + width + 1) + count * kernel
    return GroupTraffic(CONVOLUTION_LAUNCHES * count.clip(max=1), moved, size, padded + (kernel + 2) * size + weights)
