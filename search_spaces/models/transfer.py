"""Warm start: the weights of a trained model in a new one of a similar architecture, head by head, slice by slice.

Layers meet by their number. Within a layer, heads of a kind that both have are copied whole: their part of the fused
projection and of the output projection, and their own weights. Everything else, and heads of another width, are copied
in the block that both have, which is the first rows and columns.

Source: the weight transfer of FlexiBERT 2.0 in Tuli and Jha, "EdgeTran" (arXiv:2303.13745): single heads, where Tuli et
al., "FlexiBERT" (arXiv:2205.11656), transfer whole layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn

from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.models.build import build_encoder
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.heads import HeadGroup
from search_spaces.models.layers import EncoderLayer, MixedAttention

Indices: TypeAlias = tuple[Tensor, Tensor]  # along one dimension: in the source, in the target


@torch.no_grad()
def transfer(
    source_model: EncoderModel,
    source_architecture: Architecture,
    target_model: EncoderModel,
    target_architecture: Architecture,
) -> float:
    """Copies into the target model what it shares with the source model; the rest of it stays as it was.

    Between equal architectures everything is copied.

    Args:
        source_model: trained; not changed.
        source_architecture: the source model's.
        target_model: changed in place.
        target_architecture: the target model's.

    Returns:
        The share of the target's parameters that were copied, from 0 to 1.

    Raises:
        SpaceError: a model is not of its architecture, or the two have different input specs.
    """
    if source_model.input_spec != target_model.input_spec:
        raise SpaceError("expected models of the same input spec, got two; transfer between models of one task")
    _check(source_model, source_architecture, "source")
    _check(target_model, target_architecture, "target")
    copied = _copy_module(source_model.embedding, target_model.embedding)
    copied += _copy_module(source_model.classifier, target_model.classifier)
    # not strict: the deeper model's upper layers have no counterpart
    for old, new in zip(
        _layers(source_model, source_architecture), _layers(target_model, target_architecture), strict=False
    ):
        copied += _copy_layer(old, new)
    return copied / sum(parameter.numel() for parameter in target_model.parameters())


def _check(model: EncoderModel, architecture: Architecture, name: str) -> None:
    with torch.device("meta"):
        expected = build_encoder(architecture, model.input_spec)
    if _shapes(model) != _shapes(expected):
        raise SpaceError(f"the {name} model is not of the {name} architecture; pass the one that it was built from")


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: parameter.shape for name, parameter in model.named_parameters()}


@dataclass(frozen=True)
class _Heads:
    """The heads of one kind in one layer.

    Attributes:
        group: their module.
        row: where their part of the fused projection begins.
        column: where their part of the output projection begins.
    """

    group: HeadGroup
    row: int
    column: int

    def rows(self, heads: int, width: int) -> Tensor:
        """Returns the rows of the fused projection that make `width` features of `heads` heads, parts one by one."""
        parts = self.group.inputs // (self.group.count * self.group.width)  # queries, keys and values, or values
        return self.row + self._places(parts, heads, width)

    def columns(self, heads: int, width: int) -> Tensor:
        """Returns the columns of the output projection that read `width` features of `heads` heads."""
        return self.column + self.channels(heads, width)

    def channels(self, heads: int, width: int) -> Tensor:
        """Returns the places of `width` features of `heads` heads where all heads lie side by side."""
        return self._places(1, heads, width)

    def _places(self, parts: int, heads: int, width: int) -> Tensor:
        part, head = torch.arange(parts)[:, None, None], torch.arange(heads)[:, None]
        return ((part * self.group.count + head) * self.group.width + torch.arange(width)).flatten()


@dataclass(frozen=True)
class _TransferLayer:
    """A layer with its heads by kind."""

    module: EncoderLayer
    heads: Mapping[HeadKind, _Heads]


def _layers(model: EncoderModel, architecture: Architecture) -> list[_TransferLayer]:
    modules = [cast("EncoderLayer", module) for module in model.layers]
    return [
        _TransferLayer(module, _heads(module, layer))
        for module, layer in zip(modules, architecture.layers, strict=True)
    ]


def _heads(module: EncoderLayer, layer: Layer) -> dict[HeadKind, _Heads]:
    kinds = [kind for kind, count in layer.head_counts().items() if count]
    heads: dict[HeadKind, _Heads] = {}
    row = column = 0
    for kind, group in zip(kinds, module.attention.groups, strict=True):
        group = cast("HeadGroup", group)
        heads[kind] = _Heads(group, row, column)
        row, column = row + group.inputs, column + group.count * group.width
    return heads


def _copy_layer(old: _TransferLayer, new: _TransferLayer) -> int:
    source, target = old.module, new.module
    copied = 0
    for kind in old.heads.keys() & new.heads.keys():
        copied += _copy_heads(source.attention, old.heads[kind], target.attention, new.heads[kind])
    copied += _copy(source.attention.output.bias, target.attention.output.bias)
    copied += _copy_module(source.attention_norm, target.attention_norm)
    *old_inner, old_last = _linear(source.feed_forward)
    *new_inner, new_last = _linear(target.feed_forward)
    for old_part, new_part in [*zip(old_inner, new_inner, strict=False), (old_last, new_last)]:
        copied += _copy_module(old_part, new_part)
    copied += _copy_module(source.feed_forward_norm, target.feed_forward_norm)
    if source.transition is not None and target.transition is not None:
        copied += _copy_module(source.transition, target.transition)
    return copied


def _linear(stack: nn.Sequential) -> list[nn.Linear]:
    return [module for module in stack if isinstance(module, nn.Linear)]


def _copy_heads(source: MixedAttention, old: _Heads, target: MixedAttention, new: _Heads) -> int:
    """Copies as many heads as both have, each in the width that both have."""
    heads = min(old.group.count, new.group.count)
    width = min(old.group.width, new.group.width)
    rows = old.rows(heads, width), new.rows(heads, width)
    columns = old.columns(heads, width), new.columns(heads, width)
    hidden = _first(source.project.in_features, target.project.in_features)
    copied = _copy_at(source.project.weight, target.project.weight, rows, hidden)
    copied += _copy_at(source.project.bias, target.project.bias, rows)
    copied += _copy_at(source.output.weight, target.output.weight, hidden, columns)
    for (name, own), theirs in zip(old.group.named_parameters(), new.group.parameters(), strict=True):
        if name == "depthwise":  # kernel x all heads' features; the others have a dimension of their own for heads
            channels = old.channels(heads, width), new.channels(heads, width)
            copied += _copy_at(own, theirs, _first(len(own), len(theirs)), channels)
        else:
            copied += _copy(own, theirs)
    return copied


def _first(source: int, target: int) -> Indices:
    """Returns the indices that two dimensions of these sizes share."""
    shared = torch.arange(min(source, target))
    return shared, shared


def _copy_module(source: nn.Module, target: nn.Module) -> int:
    """Copies every parameter of a module to the same one of a module of the same kind."""
    return sum(_copy(old, new) for old, new in zip(source.parameters(), target.parameters(), strict=True))


def _copy(source: Tensor, target: Tensor) -> int:
    """Copies the block that both tensors have and returns its size."""
    block = tuple(slice(min(sizes)) for sizes in zip(source.shape, target.shape, strict=True))
    target[block] = source[block]
    return target[block].numel()


def _copy_at(source: Tensor, target: Tensor, *dimensions: Indices) -> int:
    """Copies the entries at the crossings of the indices along each dimension and returns their number."""
    old, new = (torch.meshgrid(*indices, indexing="ij") for indices in zip(*dimensions, strict=True))
    target[new] = source[old].to(target.device)
    return new[0].numel()
