"""Relaxed genes: every point of the cube as genes that torch can differentiate.

At the points of candidates the relaxed genes are the candidates' own; between them, ordinal genes are interpolated,
layers and feed-forward sizes fade in and out, and head counts follow the kind weights without rounding. Conditions
between genes are not applied here: decoding a point does that.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from search_spaces.candidate import HEAD_KINDS
from search_spaces.cost import Cost, count
from search_spaces.encoding import FAINT, LayerCoordinates, encoding_layout
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes
from search_spaces.input_spec import InputSpec
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
        self.layout = encoding_layout(space)
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
        threads = [deployment.threads for deployment in space.deployments]
        return Genes(
            layer_gate=gate,
            hidden=hidden * present,
            heads=heads * present,
            width=_floor_straight_through(hidden / heads) * present,
            head_counts=counts * present.unsqueeze(-1),
            stack_gate=stack_gate,
            feed_forward=sizes * (stack_gate > 0),
            transition=self._transition(hidden, gate),
            threads=interpolate(threads, z[..., self.layout.deployment]),
            bias=torch.ones_like(depth),
            int8=torch.zeros_like(depth),
            int8_layers=torch.zeros_like(gate),
        )

    def cost(self, points: Tensor, input_spec: InputSpec) -> Cost:
        """Returns the cost at `points` (`… x d`): tensors `…`, differentiable in the points."""
        return count(self.genes(points), input_spec)

    def _kind_shares(self, z: Tensor, place: LayerCoordinates) -> Tensor:
        """Returns the share of each of `HEAD_KINDS` among a layer's heads, `… x 7`."""
        weights = z[..., list(place.kinds)]
        total = weights.sum(-1, keepdim=True)
        equal = torch.full_like(weights, 1.0 / weights.shape[-1])
        shares = torch.where(total < FAINT, equal, weights / total.clamp(min=FAINT))
        everyone = shares.new_zeros((*shares.shape[:-1], len(HEAD_KINDS)))
        return everyone.index_copy(-1, self._kind_index.to(z.device), shares)

    def _transition(self, hidden: Tensor, gate: Tensor) -> Tensor:
        """Returns how much of a projection follows each layer: none where the next is of the same size or absent."""
        change = ((hidden[..., 1:] - hidden[..., :-1]).abs() / self._smallest_gap).clamp(max=1.0)
        return torch.cat((change * gate[..., 1:], torch.zeros_like(gate[..., :1])), dim=-1)


def interpolate(choices: Sequence[int], position: Tensor) -> Tensor:
    """Returns the value at `position` in [0, 1] (any shape), linear between evenly placed `choices`."""
    values = torch.tensor(choices, dtype=position.dtype, device=position.device)
    if len(choices) == 1:
        return values[0] + 0.0 * position
    step = position * (len(choices) - 1)
    nearest = step.detach().round()
    step = torch.where((step.detach() - nearest).abs() < SNAP, nearest + (step - step.detach()), step)
    lower = step.detach().floor().clamp(0, len(choices) - 2).to(torch.int64)
    return values[lower] + (step - lower) * (values[lower + 1] - values[lower])


def _gates(number: Tensor, most: int) -> Tensor:
    """Returns `… x most` gates for `number` (`…`) things: 1 for the first ones, a fraction for the last, then 0."""
    places = torch.arange(most, dtype=number.dtype, device=number.device)
    return (number.unsqueeze(-1) - places).clamp(0.0, 1.0)


def _floor_straight_through(ratio: Tensor) -> Tensor:
    whole = (ratio.detach() + SNAP).floor().clamp(min=1.0)
    return whole + (ratio - ratio.detach())
