"""A table of measurements as a device: rows can be profiled, and profiled again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protran.optimize.seeds import child_seed


@dataclass(frozen=True)
class ProfiledRows:
    """What is known after some profiles: one row per profiled row of the pool, the mean over its repeats.

    Attributes:
        rows: `n`, their numbers in the pool, in the order in which they were first profiled.
        counts: `n`, how often each was profiled.
        y: `n x m`, mean measured values, NaN where missing.
        y_var: `n x m`, variances of these means, NaN where unknown.
    """

    rows: Tensor
    counts: Tensor
    y: Tensor
    y_var: Tensor


@dataclass(frozen=True)
class MeasuredPool:
    """Rows of a table that a policy may ask for.

    Attributes:
        x: `n x d`, features that surrogates see.
        points: `n x e`, places in the space's encoding.
        y: `n x m`, measured values, NaN where missing.
        y_var: `n x m`, variance of each value as a mean, NaN where unknown.
        latency: the output that a profile's cost follows, None where no output is a latency.
    """

    x: Tensor
    points: Tensor
    y: Tensor
    y_var: Tensor
    latency: int | None = None

    def __len__(self) -> int:
        return len(self.x)

    def profile(self, asked: Sequence[int], seed: int) -> ProfiledRows:
        """Returns what profiling the rows in `asked` says; a row may be asked for more than once.

        The first profile of a row gives what the table has. A repeat is **simulated**: the table's value plus normal
        noise of its stated variance. It does not draw anew what the table does not state, such as differences between
        runs, so that it says no more about a row than the table knows.
        """
        counted = Counter(asked)
        rows, counts = torch.tensor(list(counted)), torch.tensor(list(counted.values()))
        y, y_var = self.y[rows].clone(), self.y_var[rows]
        for place in (counts > 1).nonzero().squeeze(-1).tolist():
            row, count = int(rows[place]), int(counts[place])
            generator = torch.Generator().manual_seed(child_seed(seed, row, "repeat of a profile"))
            noise = torch.randn(count - 1, y.shape[1], generator=generator, dtype=y.dtype)
            repeats = self.y[row] + noise * self.y_var[row].nan_to_num().sqrt()
            y[place] = torch.cat([self.y[row].unsqueeze(0), repeats]).mean(0)
        return ProfiledRows(rows, counts, y, y_var / counts.unsqueeze(-1))

    def cost(self, asked: Sequence[int]) -> float:
        """Returns what the profiles cost: the sum of the rows' latencies, or their number where none is known."""
        if self.latency is None:
            return float(len(asked))
        return float(self.y[list(asked), self.latency].nansum())
