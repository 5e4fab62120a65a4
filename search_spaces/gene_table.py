"""Many candidates of one space as arrays of whole numbers: a row per candidate, no object per candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer
from search_spaces.errors import SpaceError
from search_spaces.genes import Genes, WholeGenes, derive_genes, gene_arrays
from search_spaces.space import DesignSpace

Whole = NDArray[np.int32]
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

    Raises:
        SpaceError: the shape of an array is another one.
    """

    space: DesignSpace
    hidden: Whole
    head_counts: Whole
    feed_forward: Whole
    deployments: Whole

    def __post_init__(self) -> None:
        n, depth = len(self.deployments), max(self.space.layers)
        expected = {
            "hidden": (n, depth),
            "head_counts": (n, depth, len(HEAD_KINDS)),
            "feed_forward": (n, depth, max(self.space.stacks)),
            "deployments": (n,),
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
        deployments = np.array([space.deployments.index(c.deployment) for c in candidates], dtype=np.int32)
        return cls(space, hidden.astype(np.int32), counts.astype(np.int32), sizes.astype(np.int32), deployments)

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
        whole = self._whole_genes()
        width = hidden // np.maximum(counts.sum(-1), 1.0)
        int8_layers = np.repeat(whole.int8[:, None], hidden.shape[1], axis=1)
        return derive_genes(hidden, counts, sizes, width, whole, int8_layers)

    def _whole_genes(self) -> WholeGenes:
        deployments = self.space.deployments
        threads = np.array([deployment.threads for deployment in deployments], dtype=np.float64)
        int8 = np.array([deployment.precision.is_int8 for deployment in deployments], dtype=np.float64)
        return WholeGenes(threads[self.deployments], np.ones(len(self)), int8[self.deployments])

    def candidate(self, row: int) -> Candidate:
        """Returns the candidate of one row."""
        return self.take(np.array([row])).candidates()[0]

    def candidates(self) -> list[Candidate]:
        """Returns the candidates of all rows."""
        columns = (self.hidden, self.head_counts, self.feed_forward, self.deployments)
        rows = zip(*(array.tolist() for array in columns), strict=True)
        return [
            Candidate(
                Architecture(tuple(_layer(*genes) for genes in zip(hidden, heads, sizes, strict=True) if genes[0])),
                self.space.deployments[deployment],
            )
            for hidden, heads, sizes, deployment in rows
        ]

    def take(self, rows: Rows) -> GeneTable:
        """Returns the table of the rows numbered `rows`, in that order."""
        return GeneTable(
            self.space, self.hidden[rows], self.head_counts[rows], self.feed_forward[rows], self.deployments[rows]
        )

    def followed_by(self, other: GeneTable) -> GeneTable:
        """Returns this table with the rows of `other`, of the same space, below."""
        names = ("hidden", "head_counts", "feed_forward", "deployments")
        return GeneTable(self.space, *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))

    def distinct(self) -> GeneTable:
        """Returns the table without rows that repeat an earlier row."""
        columns = (self.hidden, self.head_counts, self.feed_forward, self.deployments)
        flat = np.concatenate([array.reshape(len(self), -1) for array in columns], axis=1)
        first: dict[bytes, int] = {}
        for number, row in enumerate(flat):
            first.setdefault(row.tobytes(), number)
        return self.take(np.fromiter(first.values(), dtype=np.intp, count=len(first)))


def _layer(hidden: int, counts: list[int], sizes: list[int]) -> Layer:
    heads = [kind for kind, count in zip(HEAD_KINDS, counts, strict=True) if count for _ in range(count)]
    return Layer(hidden, tuple(heads), tuple(size for size in sizes if size))
