"""Smaller models from trained ones: structured pruning that shrinks a model, unstructured sparsity that does not.

Pure functions from model to model: the argument is never changed, and neither is torch's random state.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import prune as torch_prune

from search_spaces.candidate import Candidate, Family, HeadKind, Layer
from search_spaces.errors import SpaceError
from search_spaces.models.build import build_encoder
from search_spaces.models.encoder import EncoderModel
from search_spaces.models.heads import HeadGroup
from search_spaces.models.layers import EncoderLayer, MixedAttention
from search_spaces.pruning import deployed_architecture


class PruneNorm(str, Enum):
    """By which norm of its weights a head, a channel or a row is judged: sum of magnitudes, or root of squares."""

    L1 = "l1"
    L2 = "l2"


@torch.no_grad()
def prune(model: EncoderModel, candidate: Candidate, norm: PruneNorm) -> EncoderModel:
    """Returns the model that runs: without the heads and feed-forward channels that the deployment removes.

    Its architecture is `deployed_architecture(candidate)`. Of the heads of each kind, and of the channels of each
    feed-forward size, those of the largest norm stay, in their order. The norm of a head is that of its rows of the
    fused projection and its columns of the output projection; of a channel, that of the weights into it and out of it.
    The outputs are those of the argument without what the removed heads and channels add.

    Args:
        model: of the candidate's architecture, as trained; the result takes over its mode, device and number format.
        candidate: what is deployed.
        norm: how heads and channels are judged.

    Raises:
        SpaceError: the candidate is a decoder, or the model is not of its architecture.
    """
    if candidate.architecture.family is Family.DECODER:
        raise SpaceError("expected an encoder to prune, got a decoder, whose pruning is not supported yet")
    _check(model, candidate)
    architecture = deployed_architecture(candidate)
    first = next(model.parameters())
    dropout = cast("nn.Dropout", model.embedding.dropout).p
    with torch.random.fork_rng(devices=[]):
        pruned = build_encoder(architecture, model.input_spec, dropout=dropout)
    pruned.to(device=first.device, dtype=first.dtype).train(model.training)
    pruned.embedding.load_state_dict(model.embedding.state_dict())
    pruned.classifier.load_state_dict(model.classifier.state_dict())
    layers = zip(model.layers, candidate.architecture.layers, pruned.layers, architecture.layers, strict=True)
    for old, old_genes, new, new_genes in layers:
        _fill_layer(cast("EncoderLayer", old), old_genes, cast("EncoderLayer", new), new_genes, norm)
    return pruned


@torch.no_grad()
def sparsify(model: EncoderModel, share: float, norm: PruneNorm) -> EncoderModel:
    """Returns a copy with a share of the weights of its layers' linear parts set to zero; its shapes stay.

    For comparison with `prune`: nothing gets smaller or faster. L1 is torch's `global_unstructured` with
    `L1Unstructured`: single weights, the smallest of all layers together. L2 is torch's `ln_structured` with n = 2 and
    dim = 0: in each linear part the output features of the smallest norm (their biases stay). The classifier is left
    alone, because its output features are the classes.

    Args:
        model: to be copied.
        share: of the weights, at least 0 and below 1.
        norm: see above.

    Raises:
        SpaceError: `share` is out of range.
    """
    if not 0.0 <= share < 1.0:
        raise SpaceError(f"expected a share of the weights of at least 0 and below 1, got {share!r}")
    sparse = copy.deepcopy(model)
    linears = [module for module in sparse.layers.modules() if isinstance(module, nn.Linear)]
    if norm is PruneNorm.L1:
        places = [(linear, "weight") for linear in linears]
        torch_prune.global_unstructured(places, pruning_method=torch_prune.L1Unstructured, amount=share)
    else:
        for linear in linears:
            torch_prune.ln_structured(linear, "weight", amount=share, n=2, dim=0)  # type: ignore[no-untyped-call]
    for linear in linears:
        torch_prune.remove(linear, "weight")  # type: ignore[no-untyped-call]
    return sparse


def _check(model: EncoderModel, candidate: Candidate) -> None:
    with torch.device("meta"):
        expected = build_encoder(candidate.architecture, model.input_spec)
    shapes = [{name: p.shape for name, p in built.named_parameters()} for built in (model, expected)]
    if shapes[0] != shapes[1]:
        raise SpaceError("the model is not of the candidate's architecture; pass the candidate that it was built from")


def _fill_layer(old: EncoderLayer, old_genes: Layer, new: EncoderLayer, new_genes: Layer, norm: PruneNorm) -> None:
    _fill_attention(old.attention, old_genes, new.attention, new_genes, norm)
    _fill_stack(old.feed_forward, new.feed_forward, norm)
    new.attention_norm.load_state_dict(old.attention_norm.state_dict())
    new.feed_forward_norm.load_state_dict(old.feed_forward_norm.state_dict())
    if old.transition is not None and new.transition is not None:
        new.transition.load_state_dict(old.transition.state_dict())


@dataclass(frozen=True)
class _Heads:
    """The heads of one kind in one layer.

    Attributes:
        group: their module.
        rows: of the fused projection that they read, `parts x heads x width` (parts: queries, keys, values; or values).
        columns: of the output projection that read them, `heads x width`.
    """

    group: HeadGroup
    rows: Tensor
    columns: Tensor


def _heads_by_kind(attention: MixedAttention, genes: Layer) -> dict[HeadKind, _Heads]:
    kinds = [kind for kind, count in genes.head_counts().items() if count]
    heads, row, column = {}, 0, 0
    for kind, module in zip(kinds, attention.groups, strict=True):
        group = cast("HeadGroup", module)
        rows, columns = torch.arange(group.inputs), torch.arange(group.count * group.width)
        shape = (group.count, group.width)
        heads[kind] = _Heads(group, (row + rows).view(-1, *shape), (column + columns).view(shape))
        row, column = row + len(rows), column + len(columns)
    return heads


def _fill_attention(
    old: MixedAttention, old_genes: Layer, new: MixedAttention, new_genes: Layer, norm: PruneNorm
) -> None:
    olds, news = _heads_by_kind(old, old_genes), _heads_by_kind(new, new_genes)
    rows, columns = [], []
    for kind, target in news.items():
        source = olds[kind]
        stay = _largest(_head_norms(source, old, norm), target.group.count)
        rows.append(source.rows[:, stay].flatten())
        columns.append(source.columns[stay].flatten())
        _fill_group(source.group, target.group, stay)
    new.project.weight.copy_(old.project.weight[torch.cat(rows)])
    new.project.bias.copy_(old.project.bias[torch.cat(rows)])
    new.output.weight.copy_(old.output.weight[:, torch.cat(columns)])
    new.output.bias.copy_(old.output.bias)


def _head_norms(heads: _Heads, attention: MixedAttention, norm: PruneNorm) -> Tensor:
    """Returns the norm of each head's part of the two projections, `heads`."""
    into = attention.project.weight[heads.rows].transpose(0, 1).flatten(1)  # (heads, parts x width x hidden)
    out = attention.output.weight.t()[heads.columns].flatten(1)  # (heads, width x hidden)
    return _norms(torch.cat([into, out], dim=1), norm)


def _fill_group(source: HeadGroup, target: HeadGroup, stay: Tensor) -> None:
    for (name, own), theirs in zip(source.named_parameters(), target.parameters(), strict=True):
        if name == "depthwise":  # kernel x all heads' features; the others have a dimension of their own for heads
            theirs.copy_(own.view(len(own), source.count, source.width)[:, stay].flatten(1))
        else:
            theirs.copy_(own[stay])


def _fill_stack(old: nn.Sequential, new: nn.Sequential, norm: PruneNorm) -> None:
    """Copies a feed-forward stack, size by size: rows of the linear layer into it, columns of the one out of it."""
    olds, news = ([module for module in stack if isinstance(module, nn.Linear)] for stack in (old, new))
    columns = torch.arange(olds[0].in_features)
    for place, (source, target) in enumerate(zip(olds, news, strict=True)):
        rows = torch.arange(source.out_features)
        if place + 1 < len(olds):
            both = torch.cat([source.weight, olds[place + 1].weight.t()], dim=1)
            rows = _largest(_norms(both, norm), target.out_features)
        target.weight.copy_(source.weight[rows][:, columns])
        target.bias.copy_(source.bias[rows])
        columns = rows


def _norms(weights: Tensor, norm: PruneNorm) -> Tensor:
    """Returns the norm of each row of `weights`, `rows x n`."""
    order = 1 if norm is PruneNorm.L1 else 2
    return torch.linalg.vector_norm(weights, ord=order, dim=1)  # type: ignore[no-any-return]


def _largest(norms: Tensor, count: int) -> Tensor:
    """Returns the places of the `count` largest norms, in ascending order; of equal ones the first stay."""
    return norms.argsort(descending=True, stable=True)[:count].sort().values.cpu()
