"""What is in a design space: how many designs, and the cheapest and the dearest of them, found exactly.

Parameters and multiply-accumulates are sums: what the first hidden size costs, every layer by itself, every passage
from one hidden size to the next, and what the last hidden size costs. So the best path through the layers needs, for
each hidden size, only its cheapest (or dearest) layer, and is found by dynamic programming over hidden sizes. The
costs of the parts are those of models of one and of two layers, counted by `cost.count`: no formula is written twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import Architecture, Candidate, Layer
from search_spaces.cost import count, count_candidate
from search_spaces.deployment import LayerDeployment
from search_spaces.deployment_space import with_changes
from search_spaces.genes import Genes, genes_of
from search_spaces.input_spec import InputSpec
from search_spaces.layer_genes import Gene
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

Costs = NDArray[np.float64]
EXAMPLES = 3


class Counted(str, Enum):
    """A quantity whose range over a space is known; each is a field of `Cost`."""

    PARAMETERS = "parameters"
    MACS = "macs"


@dataclass(frozen=True)
class Extreme:
    """A candidate of which no other in its space is cheaper (or dearer), and what it costs."""

    value: int
    candidate: Candidate


@dataclass(frozen=True)
class Range:
    """The least and the most that a candidate of a space costs."""

    least: Extreme
    most: Extreme


@dataclass(frozen=True)
class SpaceFacts:
    """What is in a design space.

    Attributes:
        architectures: how many different architectures it holds.
        candidates: architectures times deployments.
        ranges: the range of each counted quantity, for each input spec in the order given.
        examples: a few candidates, the same every time.
    """

    architectures: int
    candidates: int
    ranges: tuple[dict[Counted, Range], ...]
    examples: tuple[Candidate, ...]


def space_facts(space: DesignSpace, input_specs: tuple[InputSpec, ...]) -> SpaceFacts:
    """Returns what is in `space`, with the ranges of costs for each of `input_specs`."""
    ranges = tuple({quantity: _range(space, spec, quantity) for quantity in Counted} for spec in input_specs)
    examples = sample(space, min(EXAMPLES, space.size), SamplingMethod.SOBOL, seed=0)
    architectures = sum(space.size_at(depth) for depth in space.layers)
    return SpaceFacts(architectures, space.size, ranges, tuple(examples))


def cost_range(space: DesignSpace, input_spec: InputSpec, quantity: Counted) -> Range:
    """Returns the least and the most of `quantity` over all candidates of `space`, with a candidate for each."""
    return _range(space, input_spec, quantity)


def _outermost_layers(space: DesignSpace) -> list[Layer]:
    """Returns layers among which each hidden size has its cheapest and its dearest, in every quantity.

    Costs rise linearly with how many heads are of a kind, so one kind alone is an extreme; they rise with every
    feed-forward size and with the depth of the stack, so the shallowest stack of the smallest sizes is one and the
    deepest of the largest the other.
    """
    layers: list[Layer] = []
    for hidden in space.allowed_hidden:
        sizes = space.allowed_feed_forward(hidden)
        stacks = dict.fromkeys([(sizes[0],) * space.stacks[0], (sizes[-1],) * space.stacks[-1]])
        heads = [(kind,) * number for number in space.allowed_heads(hidden) for kind in space.head_kinds]
        layers += [Layer(hidden, group, stack) for group in heads for stack in stacks]
    return layers


def _range(space: DesignSpace, spec: InputSpec, quantity: Counted) -> Range:
    """Returns the range of `quantity`: sparsest layers without biases are cheapest, those with everything dearest."""

    def price(genes: Genes) -> Costs:
        costs: Costs = getattr(count(genes, spec), quantity.value)
        return costs

    sparsest = LayerDeployment(space.head_sparsity[-1], space.feed_forward_sparsity[-1])
    fullest = LayerDeployment(space.head_sparsity[0], space.feed_forward_sparsity[0])
    least = _cheapest(space, sparsest, space.bias[0], price)
    most = _cheapest(space, fullest, space.bias[-1], lambda genes: -price(genes))
    extremes = (
        Extreme(getattr(count_candidate(candidate, spec), quantity.value), candidate) for candidate in (least, most)
    )
    return Range(*extremes)


def _deployed(space: DesignSpace, layers: tuple[Layer, ...], change: LayerDeployment, bias: bool) -> Candidate:
    """Returns the candidate of `layers` in the space's first deployment, which prunes every layer alike."""
    whole = space.deployments[0]
    kept = dataclasses.replace(change, keep_fp32=space.keep_fp32[0])
    return Candidate(Architecture(layers, space.family, bias), with_changes(whole, (kept,) * len(layers)))


def _cheapest(space: DesignSpace, change: LayerDeployment, bias: bool, price: Callable[[Genes], Costs]) -> Candidate:
    """Returns the cheapest candidate over all numbers of layers; how it is pruned, and its biases, are given.

    With one(i) and two(i, j) the prices of models of layer i alone and of i then j, a model of layers i, j, …, k, l
    costs two(i, j) + … + two(k, l) - one(j) - … - one(k): what lies between two layers is counted with both and taken
    off once.
    """
    layers = _outermost_layers(space)
    genes = genes_of([_deployed(space, (layer,), change, bias) for layer in layers])
    alone = price(genes)
    best: dict[int, int] = {}
    for index in np.argsort(alone, kind="stable").tolist():
        best.setdefault(layers[index].hidden, index)
    chosen = np.array(sorted(best.values()))  # (k,), the cheapest layer of each hidden size
    first, second = (side.ravel() for side in np.meshgrid(chosen, chosen, indexing="ij"))
    two = price(_two_layers(genes, first, second)).reshape(len(chosen), len(chosen))
    if Gene.HIDDEN in space.uniform:
        two = np.where(np.eye(len(chosen), dtype=bool), two, np.inf)
    costs, steps = _cheapest_paths(alone[chosen], two, max(space.layers))
    depth = min(space.layers, key=lambda depth: float(costs[depth - 1].min()))
    places = [int(costs[depth - 1].argmin())]
    for step in reversed(steps[: depth - 1]):
        places.append(int(step[places[-1]]))
    path = tuple(layers[chosen[place]] for place in reversed(places))
    return _deployed(space, path, change, bias)


def _cheapest_paths(one: Costs, two: Costs, depth: int) -> tuple[list[Costs], list[NDArray[np.int64]]]:
    """Returns, for 1 to `depth` layers, the least cost of ending in each layer, and the layer before it.

    Args:
        one: `k`, cost of each layer as a model.
        two: `k x k`, cost of each pair as a model.
        depth: most layers.
    """
    costs, steps = [one], []
    passage = two - one[:, None]
    for _ in range(depth - 1):
        totals = costs[-1][:, None] + passage
        steps.append(totals.argmin(0))
        costs.append(totals.min(0))
    return costs, steps


def _two_layers(genes: Genes, first: NDArray[np.int64], second: NDArray[np.int64]) -> Genes:
    """Returns the genes of models of two layers, `first` then `second`: rows of the models of one layer, `genes`."""

    def joined(item: Any) -> Any:
        return np.concatenate((item[first], item[second]), axis=1)

    whole = [field.name for field in dataclasses.fields(Genes) if getattr(genes, field.name).ndim == 1]
    fields = [field.name for field in dataclasses.fields(Genes) if field.name not in ("transition", *whole)]
    pairs = {name: joined(getattr(genes, name)) for name in fields}
    transition = np.zeros_like(pairs["hidden"])
    transition[:, 0] = pairs["hidden"][:, 0] != pairs["hidden"][:, 1]
    return Genes(**pairs, transition=transition, **{name: getattr(genes, name)[first] for name in whole})
