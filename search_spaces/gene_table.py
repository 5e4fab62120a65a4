"""Many candidates of one space as arrays of whole numbers: a row per candidate, no object per candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.deployment_space import choices_of, layer_changes, with_changes
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes, Numbers, WholeGenes, deployment_genes, derive_genes, gene_arrays
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.pruning import kept, kept_heads
from search_spaces.space import DesignSpace

Whole = NDArray[np.int32]
Places = NDArray[np.int8]  # which of a few choices
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class GeneTable:
    """The genes of `n` candidates of a space of at most `L` layers and `S` feed-forward sizes.

    Genes of absent layers and sizes are 0. `of` and `sample_table` make tables whose rows are in the space; a table
    made by hand is checked for its shape only.

    Attributes:
        space: the space.
        hidden: `n x L`, hidden size; positive in the first layers, then 0.
        head_counts: `n x L x 7`, heads per kind, in the order of `HEAD_KINDS`.
        feed_forward: `n x L x S`, feed-forward sizes; positive first, then 0.
        deployments: `n`, which of the space's deployments.
        changes: `n x L x 3`, which of the space's choices for each of `LAYER_CHANGES`; 0 in absent layers, and 0 for
            `keep_fp32` where the deployment is not int8.
        bias: `n`, which of the space's choices of biases.

    Raises:
        SpaceError: the shape of an array is another one.
    """

    space: DesignSpace
    hidden: Whole
    head_counts: Whole
    feed_forward: Whole
    deployments: Whole
    changes: Places
    bias: Places

    def __post_init__(self) -> None:
        n, depth = len(self.deployments), max(self.space.layers)
        expected = {
            "hidden": (n, depth),
            "head_counts": (n, depth, len(HEAD_KINDS)),
            "feed_forward": (n, depth, max(self.space.stacks)),
            "deployments": (n,),
            "changes": (n, depth, len(LAYER_CHANGES)),
            "bias": (n,),
        }
        for name, shape in expected.items():
            got = getattr(self, name).shape
            if got != shape:
                raise SpaceError(
                    f"{name} of {n} candidates of {self.space.name}: expected shape {shape}, got {got}; pad with zeros"
                )

    @classmethod
    def of(cls, space: DesignSpace, candidates: Sequence[Candidate]) -> GeneTable:
        """Returns the table of `candidates`. Raises `SpaceError` where one is not in the space."""
        for number, candidate in enumerate(candidates):
            reason = space.why_not(candidate)
            if reason:
                raise SpaceError(f"candidate {number} is not in the space {space.name}: {reason}")
        architectures = [candidate.architecture for candidate in candidates]
        hidden, counts, sizes = gene_arrays(architectures, max(space.layers), max(space.stacks))
        deployments = np.array([space.deployments.index(c.deployment.whole) for c in candidates], dtype=np.int32)
        changes = np.zeros((*hidden.shape, len(LAYER_CHANGES)), dtype=np.int8)
        for row, candidate in enumerate(candidates):
            for place, change in enumerate(layer_changes(candidate)):
                changes[row, place] = [_place(space, gene, change) for gene in LAYER_CHANGES]
        bias = np.array([space.bias.index(a.bias) for a in architectures], dtype=np.int8)
        genes = hidden.astype(np.int32), counts.astype(np.int32), sizes.astype(np.int32)
        return cls(space, *genes, deployments, changes, bias)

    def __len__(self) -> int:
        return len(self.deployments)

    @property
    def depth(self) -> Rows:
        """The number of layers of each candidate, `n`."""
        depth: Rows = np.count_nonzero(self.hidden, axis=1)
        return depth

    def genes(self, depth: int | None = None) -> Genes:
        """Returns the genes as the cost formulas read them, float64; of the first `depth` layers only, where given."""
        hidden, counts, sizes = (a[:, :depth].astype(float) for a in (self.hidden, self.head_counts, self.feed_forward))
        width = hidden // np.maximum(counts.sum(-1), 1.0)
        heads_gone, channels_gone, keep_fp32 = (self._change(gene)[:, :depth] for gene in LAYER_CHANGES)
        if self.space.head_sparsity != (0.0,):
            counts = kept_heads(counts, heads_gone)
        if self.space.feed_forward_sparsity != (0.0,):
            sizes = kept(sizes, channels_gone[..., None])
        each = deployment_genes(self.space.deployments)
        whole = WholeGenes(
            np.array(self.space.bias, dtype=np.float64)[self.bias],
            {name: values[self.deployments] for name, values in each.items()},
        )
        return derive_genes(hidden, counts, sizes, width, whole, 1.0 - keep_fp32)

    def _change(self, gene: Gene) -> Numbers:
        """Returns the value of one of `LAYER_CHANGES`, `n x L`; that of the first choice in absent layers."""
        choices = np.array(choices_of(self.space, gene), dtype=np.float64)
        values: Numbers = choices[self.changes[..., LAYER_CHANGES.index(gene)]]
        return values

    def candidate(self, row: int) -> Candidate:
        """Returns the candidate of one row."""
        return self.take(np.array([row])).candidates()[0]

    def candidates(self) -> list[Candidate]:
        """Returns the candidates of all rows."""
        return [self._candidate(*row) for row in zip(*(array.tolist() for array in self._columns()), strict=True)]

    def _candidate(
        self,
        hidden: list[int],
        heads: list[list[int]],
        sizes: list[list[int]],
        deployment: int,
        changes: list[list[int]],
        bias: int,
    ) -> Candidate:
        space = self.space
        layers = tuple(_layer(*genes) for genes in zip(hidden, heads, sizes, strict=True) if genes[0])
        architecture = Architecture(layers, space.family, space.bias[bias])
        return Candidate(architecture, self._deployment(space.deployments[deployment], changes[: len(layers)]))

    def _deployment(self, whole: Deployment, changes: list[list[int]]) -> Deployment:
        choices = [choices_of(self.space, gene) for gene in LAYER_CHANGES]
        if all(known[0] == usual for known, usual in zip(choices, _UNCHANGED, strict=True)) and not any(
            place for places in changes for place in places
        ):
            return whole  # far sooner than making it anew
        return with_changes(
            whole,
            tuple(
                LayerDeployment(*(known[place] for known, place in zip(choices, places, strict=True)))
                for places in changes
            ),
        )

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.hidden, self.head_counts, self.feed_forward, self.deployments, self.changes, self.bias

    def take(self, rows: Rows) -> GeneTable:
        """Returns the table of the rows numbered `rows`, in that order."""
        return GeneTable(self.space, *(column[rows] for column in self._columns()))

    def followed_by(self, other: GeneTable) -> GeneTable:
        """Returns this table with the rows of `other`, of the same space, below."""
        columns = zip(self._columns(), other._columns(), strict=True)
        return GeneTable(self.space, *(np.concatenate(pair) for pair in columns))

    def distinct(self) -> GeneTable:
        """Returns the table without rows that repeat an earlier row."""
        flat = np.concatenate([array.reshape(len(self), -1) for array in self._columns()], axis=1)
        first: dict[bytes, int] = {}
        for number, row in enumerate(flat):
            first.setdefault(row.tobytes(), number)
        return self.take(np.fromiter(first.values(), dtype=np.intp, count=len(first)))


_UNCHANGED = tuple(getattr(LayerDeployment(), gene.value) for gene in LAYER_CHANGES)


def _place(space: DesignSpace, gene: Gene, change: LayerDeployment) -> int:
    """Returns which choice a change is; 0 for a layer that is not int8 anyhow, where the space may not list false."""
    choices, value = choices_of(space, gene), getattr(change, gene.value)
    return choices.index(value) if value in choices else 0


def _layer(hidden: int, counts: list[int], sizes: list[int]) -> Layer:
    heads = [kind for kind, count in zip(HEAD_KINDS, counts, strict=True) if count for _ in range(count)]
    return Layer(hidden, tuple(heads), tuple(size for size in sizes if size))
