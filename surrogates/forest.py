"""Boosted regression trees as flat arrays: evaluated and saved without the library that grew them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 0.15  # what each tree adds is multiplied by it
DEPTH = 3
CHUNK = 1024
"""Rows that walk down the trees together."""
NODE_PARTS = ("feature", "threshold", "left", "right", "value")


@dataclass(frozen=True)
class Forest:
    """Several bags of boosted regression trees as flat arrays of `k` nodes; a leaf leads to itself.

    Attributes:
        roots: `b x t`, the first node of each tree of each bag.
        feature: `k`, the column that a node asks for.
        threshold: `k`; up to it, a row goes left.
        left: `k`, node numbers.
        right: `k`, node numbers.
        value: `k`, what a tree adds where a row ends.
    """

    roots: Tensor
    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    value: Tensor

    @classmethod
    def of(cls, bags: Sequence[Sequence[Any]]) -> Forest:
        """Returns the forest of scikit-learn's `Tree` objects, one sequence per bag, all of one length."""
        trees = [tree for bag in bags for tree in bag]
        roots = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
        parts: dict[str, list[NDArray[Any]]] = {name: [] for name in NODE_PARTS}
        for root, tree in zip(roots, trees, strict=True):
            own, leaf = np.arange(tree.node_count), tree.children_left < 0
            parts["feature"].append(np.where(leaf, 0, tree.feature))
            parts["threshold"].append(tree.threshold)
            parts["left"].append(root + np.where(leaf, own, tree.children_left))
            parts["right"].append(root + np.where(leaf, own, tree.children_right))
            parts["value"].append(RATE * tree.value[:, 0, 0])
        nodes = {name: torch.from_numpy(np.concatenate(arrays)) for name, arrays in parts.items()}
        return cls(torch.from_numpy(roots).reshape(len(bags), -1), **nodes)

    def __call__(self, x: Tensor) -> Tensor:
        """Returns the sum of each bag's trees, `b x n`, at `x: n x d`."""
        return torch.cat([self._walk(part) for part in torch.split(x, CHUNK)], dim=-1)

    def _walk(self, x: Tensor) -> Tensor:
        single = x.float().double()  # scikit-learn compares features in single precision
        node = self.roots.reshape(-1).expand(len(x), -1)  # (n, b * t)
        for _ in range(DEPTH):
            goes_left = single.gather(1, self.feature[node]) <= self.threshold[node]
            node = torch.where(goes_left, self.left[node], self.right[node])
        return self.value[node].reshape(len(x), *self.roots.shape).sum(-1).T
