"""Relaxed genes: every point of the cube as genes that torch can differentiate.

At the points of candidates the relaxed genes are the candidates' own; between them, ordinal genes are interpolated,
layers and feed-forward sizes fade in and out, and head counts follow the kind weights without rounding. Conditions
between genes are not applied here: decoding a point does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from search_spaces.candidate import HEAD_KINDS
from search_spaces.cost import Cost, count
from search_spaces.encoding import FAINT, Encoding, LayerCoordinates
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes, deployment_genes
from search_spaces.input_spec import InputSpec
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.pruning import kept, kept_heads
from search_spaces.space import DesignSpace

SNAP = 1e-6  # steps between choices; nearer than this to a choice is the choice, whatever rounding did to the point


class RelaxedSpace:
    """Differentiable genes and costs over the unit cube of one space.

    Attributes:
        space: the space.
        layout: which coordinate is which gene; the same as the encoding's.
    """

    def __init__(self, space: DesignSpace) -> None:
        self.space = space
        self._encoding = Encoding(space)
        self.layout = self._encoding.layout
        gaps = [larger - smaller for smaller, larger in zip(space.hidden, space.hidden[1:], strict=False)]
        self._smallest_gap = min(gaps, default=1)
        self._kind_index = torch.tensor([HEAD_KINDS.index(kind) for kind in space.head_kinds])

    def genes(self, points: Tensor) -> Genes:
        """Returns the genes at `points`, differentiable in them.

        Where the layer or size is absent all its genes are 0, as for candidates. The floor in a head's width passes
        gradients straight through.

        Args:
            points: `… x d`; clipped to the unit cube.

        Returns:
            Genes of float64 tensors: `… x L`, `… x L x 7`, `… x L x S` and `…` for the threads.

        Raises:
            SpaceError: the last dimension is not that of the encoding.
        """
        dimension = len(self.layout.names)
        if points.shape[-1:] != (dimension,):
            raise SpaceError(f"expected points of {dimension} coordinates, got shape {tuple(points.shape)}")
        z, space, places = points.to(torch.float64).clamp(0.0, 1.0), self.space, self.layout.layers
        depth = interpolate(space.layers, z[..., self.layout.depth])
        gate = _gates(depth, len(places))
        present = (gate > 0).to(gate.dtype)
        hidden = interpolate(space.hidden, z[..., [place.hidden for place in places]])
        heads = interpolate(space.heads, z[..., [place.heads for place in places]])
        counts = heads.unsqueeze(-1) * torch.stack([self._kind_shares(z, place) for place in places], dim=-2)
        stacks = interpolate(space.stacks, z[..., [place.stacks for place in places]])
        stack_gate = _gates(stacks, len(places[0].sizes)) * present.unsqueeze(-1)
        sizes = interpolate(space.feed_forward, z[..., [list(place.sizes) for place in places]])
        heads_gone, channels_gone, keep_fp32 = (self._change(z, gene) for gene in LAYER_CHANGES)
        stay = _pruned(counts, space.head_sparsity, heads_gone, kept_heads)
        sizes = _pruned(sizes, space.feed_forward_sparsity, channels_gone, _kept_channels)
        whole = {
            name: interpolate(values.tolist(), z[..., self.layout.deployment])
            for name, values in deployment_genes(space.deployments).items()
        }
        bias = float(space.bias[0]) + 0.0 * depth if self.layout.bias is None else z[..., self.layout.bias]
        return Genes(
            layer_gate=gate,
            hidden=hidden * present,
            heads=stay.sum(-1) * present,
            width=_floor_straight_through(hidden / heads) * present,
            head_counts=stay * present.unsqueeze(-1),
            stack_gate=stack_gate,
            feed_forward=sizes * (stack_gate > 0),
            transition=self._transition(hidden, gate),
            bias=bias,
            int8_layers=whole["int8"].unsqueeze(-1) * (1.0 - interpolate(space.keep_fp32, keep_fp32)) * present,
            **whole,
        )

    def projected(self, points: Tensor) -> Tensor:
        """Returns the nearest candidates' points, `… x d`, through which gradients pass as if nothing had moved.

        So a search can look at costs and beliefs of real candidates and still follow gradients.

        Source: the straight-through estimator of Bengio et al. (arXiv:1308.3432).

        Args:
            points: `… x d`.
        """
        flat = points.detach().to(torch.float64).reshape(-1, points.shape[-1]).cpu().numpy()
        candidates = self._encoding.decode_many(flat)
        valid = torch.from_numpy(self._encoding.encode_many(candidates)).to(points).reshape(points.shape)
        return valid + (points - points.detach())

    def cost(self, points: Tensor, input_spec: InputSpec) -> Cost:
        """Returns the cost at `points` (`… x d`): tensors `…`, differentiable in the points.

        Raises:
            SpaceError: models of this space cannot read that input.
        """
        input_spec.check_family(self.space.family)
        return count(self.genes(points), input_spec)

    def _kind_shares(self, z: Tensor, place: LayerCoordinates) -> Tensor:
        """Returns the share of each of `HEAD_KINDS` among a layer's heads, `… x 7`."""
        weights = z[..., list(place.kinds)]
        total = weights.sum(-1, keepdim=True)
        equal = torch.full_like(weights, 1.0 / weights.shape[-1])
        shares = torch.where(total < FAINT, equal, weights / total.clamp(min=FAINT))
        everyone = shares.new_zeros((*shares.shape[:-1], len(HEAD_KINDS)))
        return everyone.index_copy(-1, self._kind_index.to(z.device), shares)

    def _change(self, z: Tensor, gene: Gene) -> Tensor:
        """Returns where each layer stands in [0, 1] among the choices of one of `LAYER_CHANGES`, `… x L`."""
        coordinates = [place.changes[LAYER_CHANGES.index(gene)] for place in self.layout.layers]
        if None in coordinates:
            return z.new_zeros((*z.shape[:-1], len(coordinates)))
        return z[..., coordinates]

    def _transition(self, hidden: Tensor, gate: Tensor) -> Tensor:
        """Returns how much of a projection follows each layer: none where the next is of the same size or absent."""
        change = ((hidden[..., 1:] - hidden[..., :-1]).abs() / self._smallest_gap).clamp(max=1.0)
        return torch.cat((change * gate[..., 1:], torch.zeros_like(gate[..., :1])), dim=-1)


def interpolate(choices: Sequence[float], position: Tensor) -> Tensor:
    """Returns the value at `position` in [0, 1] (any shape), linear between evenly placed `choices`."""
    values = torch.tensor(choices, dtype=position.dtype, device=position.device)
    if len(choices) == 1:
        return values[0] + 0.0 * position
    lower, fraction = _between(len(choices), position)
    return values[lower] + fraction * (values[lower + 1] - values[lower])


def _between(number: int, position: Tensor) -> tuple[Tensor, Tensor]:
    """Returns, for `number` evenly placed choices, the one at or below `position`, and the fraction of the way on."""
    step = position * (number - 1)
    nearest = step.detach().round()
    step = torch.where((step.detach() - nearest).abs() < SNAP, nearest + (step - step.detach()), step)
    lower = step.detach().floor().clamp(0, number - 2)
    return lower.to(torch.int64), step - lower


def _gates(number: Tensor, most: int) -> Tensor:
    """Returns `… x most` gates for `number` (`…`) things: 1 for the first ones, a fraction for the last, then 0."""
    places = torch.arange(most, dtype=number.dtype, device=number.device)
    return (number.unsqueeze(-1) - places).clamp(0.0, 1.0)


def _pruned(numbers: Tensor, choices: Sequence[float], position: Tensor, rule: Callable[..., Tensor]) -> Tensor:
    """Returns how many of `numbers` stay: what `rule` says at the choices of sparsity, linear between them.

    Where numbers are not whole, the nearest whole ones say by how much the rule rounds.

    Args:
        numbers: `… x k`.
        choices: shares that go.
        position: `…`, in [0, 1] among the choices.
        rule: `kept` or `kept_heads`: numbers and a share per row to the numbers that stay.
    """
    whole = numbers.detach().round()
    shares = [torch.full_like(whole[..., 0], choice) for choice in choices]
    stay = [
        # rounding may take more than there is, or leave more than there was
        (numbers * (1.0 - choice) + (rule(whole, share) - whole * (1.0 - choice))).clamp(min=0.0).minimum(numbers)
        for choice, share in zip(choices, shares, strict=True)
    ]
    if len(stay) == 1:
        return stay[0]
    lower, fraction = _between(len(choices), position)
    each = torch.stack(stay)  # (choices, …, k)
    index = lower.unsqueeze(-1).expand_as(numbers).unsqueeze(0)
    below, above = each.gather(0, index)[0], each.gather(0, index + 1)[0]
    return below + fraction.unsqueeze(-1) * (above - below)


def _kept_channels(sizes: Tensor, sparsity: Tensor) -> Tensor:
    stay: Tensor = kept(sizes, sparsity.unsqueeze(-1))
    return stay


def _floor_straight_through(ratio: Tensor) -> Tensor:
    whole = (ratio.detach() + SNAP).floor().clamp(min=1.0)
    return whole + (ratio - ratio.detach())
