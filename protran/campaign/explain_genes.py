"""Which genes matter for a candidate: each is changed alone, and the surrogates say what would follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from protran.campaign.predicted_values import Change, Predictor
from search_spaces.candidate import Candidate, Layer
from search_spaces.neighbors import neighbors
from search_spaces.space import DesignSpace

MOST_NEIGHBOURS = 400
MOST_SHOWN = 6


@dataclass(frozen=True)
class GeneChange:
    """One gene of a candidate at another value, and what is predicted to follow.

    Attributes:
        gene: its kind, such as ``hidden size``.
        text: what changes, for people.
        key: of the candidate that it leads to.
        importance: the largest change of an objective, as a part of the front's range.
        changes: by objective.
    """

    gene: str
    text: str
    key: str
    importance: float
    changes: Mapping[str, Change]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; every number is of the provenance that stands beside it."""
        return {
            "gene": self.gene,
            "change": self.text,
            "key": self.key,
            "importance": self.importance,
            "objectives": {
                name: {
                    "before": change.before,
                    "after": change.after,
                    "change": change.after - change.before,
                    "stderr": change.stderr,
                    "provenance": change.provenance.value,
                }
                for name, change in self.changes.items()
            },
        }


def gene_changes(
    space: DesignSpace, candidate: Candidate, predictor: Predictor, ranges: Mapping[str, float]
) -> list[GeneChange]:
    """Returns for each kind of gene the change to a next value that matters most, those that matter most first.

    Args:
        space: whose genes and values they are.
        candidate: what is changed.
        predictor: says what follows.
        ranges: by objective, from the best to the worst of the front on its axis; those without one do not count.

    Raises:
        SpaceError: the candidate is not in the space.
    """
    others = neighbors(space, candidate, np.random.default_rng(0), MOST_NEIGHBOURS)
    best: dict[str, GeneChange] = {}
    for other, changes in zip(others, predictor.changes(candidate, others), strict=True):
        gene, text = difference(candidate, other)
        parts = [abs(change.on_axis) / ranges[name] for name, change in changes.items() if ranges.get(name)]
        found = GeneChange(gene, text, other.key, float(max(parts, default=0.0)), changes)
        if gene not in best or (found.importance, found.key) > (best[gene].importance, best[gene].key):
            best[gene] = found
    return sorted(best.values(), key=lambda change: (-change.importance, change.gene))[:MOST_SHOWN]


def difference(one: Candidate, other: Candidate) -> tuple[str, str]:
    """Returns the kind of gene in which two neighbours differ, and what changes, for people."""
    before, after = one.architecture.layers, other.architecture.layers
    if len(before) != len(after):
        return "number of layers", f"{len(before)} -> {len(after)} layers"
    if one.architecture.bias is not other.architecture.bias:
        return "biases", "without biases" if one.architecture.bias else "with biases"
    places = [place for place, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    if not places:
        return "deployment", _deployment(one, other)
    gene, change = _layer_difference(before[places[0]], after[places[0]])
    where = f"layer {places[0] + 1}" if len(places) < len(before) else "every layer"
    return gene, f"{where if len(before) > 1 else 'layer 1'}: {change}"


def _layer_difference(before: Layer, after: Layer) -> tuple[str, str]:
    if before.hidden != after.hidden:
        return "hidden size", f"hidden {before.hidden} -> {after.hidden}"
    if len(before.heads) != len(after.heads):
        return "number of heads", f"{len(before.heads)} -> {len(after.heads)} heads"
    if before.heads != after.heads:
        lost, won = _only_in(before, after), _only_in(after, before)
        return "kind of a head", f"a head {lost} -> {won}"
    if len(before.feed_forward) != len(after.feed_forward):
        return "depth of a stack", f"{len(before.feed_forward)} -> {len(after.feed_forward)} feed-forward layers"
    return "feed-forward size", f"feed-forward {_sizes(before.feed_forward)} -> {_sizes(after.feed_forward)}"


def _only_in(one: Layer, other: Layer) -> str:
    counts, others = one.head_counts(), other.head_counts()
    return "/".join(kind.value for kind, count in counts.items() if count > others.get(kind, 0)) or "?"


def _sizes(sizes: Sequence[int]) -> str:
    return "/".join(map(str, sizes))


def _deployment(one: Candidate, other: Candidate) -> str:
    before, after = one.deployment.to_json(), other.deployment.to_json()
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(
        f"{name.replace('_', ' ')} {_short(before.get(name))} -> {_short(after.get(name))}" for name in names
    )


def _short(value: object) -> str:
    return "as usual" if value is None else str(value) if isinstance(value, str | int | float) else "changed"
