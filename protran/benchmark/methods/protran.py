"""ProTran's search in pool mode: beliefs over counted physics, and rows that are expected to add most hypervolume."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from protran.benchmark.methods.base import FEWEST_ROWS, ObservingMethod, check_objectives
from protran.benchmark.pool import Pool
from protran.evaluate.diverse_rows import diverse_order
from protran.features import FAINT_HARDWARE_COLUMNS, FeatureMap
from protran.optimize.pool_acquisition import choose_rows
from protran.optimize.pool_beliefs import CountedOutput, OutputBelief, PoolBeliefs, View
from protran.optimize.seeds import child_generator, child_seed, deterministic_torch
from protran.tables.measurement_table import USUAL_TARGETS
from search_spaces.cost import memory_bytes
from search_spaces.gene_table import GeneTable
from search_spaces.table_cost import count_table

SEEDS = 16
"""Diverse rows before anything is believed."""
DRAWN = 2000
"""Rows drawn by lot, half of the pool at most, from which the diverse ones are chosen, so that seeds differ."""

SAME = 1e-9
"""Relative difference below which a told value is the count."""

OWN_DEVIATIONS = (0.0, 0.005)
"""What the features do not show of a row, as a part of each objective; batches take them by turns. With 0 alone rows
like known ones promise nothing, and the search leaves the surroundings of the front too early. On HW-GPT-Bench tables,
160 rows, ten seeds, turns raise the hypervolume from .920 to .954 (h100) and lower it from .980 to .979 (rtx2080). For
three seeds of the h100, .003 or .01 in place of .005 gave .961 and .958; .003 without turns gave .947, .005 .924."""

POWER, WORK = "peak_power_w", ("latency_s", "energy_j")
"""Peak power is the noisiest measure. Seen as a function of believed latency and energy it needs fewer rows than as one
of the genes: on HW-GPT-Bench tables, 100 random rows, a root mean squared error lower by 11 to 20 %."""

FEW = (
    "log_parameters",
    "log_macs",
    "log_macs_feed_forward",
    "log_depth",
    "log_heads",
    "mean_log_hidden",
    "bias",
)
"""A second view of a candidate, whose few features need fewer rows."""


class ProTranSearch(ObservingMethod):
    """Diverse rows first, then batches by noisy expected hypervolume improvement over all rows of the pool.

    Each objective is believed on that view of the rows on which left-out measurements were likeliest. The front that is
    improved on is the believed one, not the measured one, so that lucky measurements do not count.
    """

    batch = 4

    def __init__(self, pool: Pool, seed: int) -> None:
        check_objectives(pool)
        super().__init__(pool, seed)

    def ask(self, count: int) -> list[int]:
        """Returns `count` rows, the most promising first."""
        self.open.check(count)
        first = self._seeds[len(self.rows) : len(self.rows) + count]
        rows = [self.open.take(row) for row in first]
        if len(rows) < count:
            rows += (
                self._promising(count - len(rows)) if len(self.rows) >= FEWEST_ROWS else self._any(count - len(rows))
            )
        return rows

    @functools.cached_property
    def _features(self) -> tuple[FeatureMap, Tensor]:
        features = FeatureMap(self.pool.space, self.pool.input_spec)
        return features, features.of_candidates(self.pool.candidates)

    @functools.cached_property
    def _hardware(self) -> View:
        features, x = self._features
        return View(x[:, features.columns(features.hardware_names)], FAINT_HARDWARE_COLUMNS)

    @functools.cached_property
    def _seeds(self) -> list[int]:
        drawn = child_generator(self.seed, 0, "seeds of a pool").permutation(len(self.pool))
        drawn = drawn[: min(DRAWN, max(SEEDS, len(drawn) // 2))]
        order = diverse_order(self._hardware.x[torch.as_tensor(drawn)])[:SEEDS]
        return [int(drawn[place]) for place in order.tolist()]

    def _views(self, objective: str) -> list[View]:
        features, x = self._features
        views = [self._hardware, View(x[:, features.columns(FEW)])]
        if objective not in USUAL_TARGETS:
            views.append(View(x[:, features.columns(features.score_names)]))
        return views

    def _any(self, count: int) -> list[int]:
        """Returns open rows by lot: where more are asked for at once than there are diverse ones."""
        rows = np.flatnonzero(self.open.mask)
        chosen = child_generator(self.seed, len(self.rows), "rows of a pool").permutation(rows)[:count]
        return [self.open.take(row) for row in chosen.tolist()]

    def _promising(self, count: int) -> list[int]:
        known = torch.tensor(self.rows)
        with deterministic_torch(child_seed(self.seed, len(self.rows), "pool search")):
            beliefs = PoolBeliefs(self.beliefs(), known)
            own_deviation = OWN_DEVIATIONS[len(self.rows) // self.batch % len(OWN_DEVIATIONS)]
            chosen = choose_rows(beliefs, known, torch.as_tensor(self.open.mask), count, own_deviation)
        return [self.open.take(row) for row in chosen]

    @functools.cached_property
    def _counts(self) -> dict[str, Tensor]:
        """Exact objectives of all rows, `n` each, as far as they are in question."""
        cost = count_table(GeneTable.of(self.pool.space, self.pool.candidates), self.pool.input_spec)
        counts = {"parameters": cost.parameters, "memory_bytes": memory_bytes(cost, 1)}
        return {name: torch.as_tensor(counts[name]) for name in self.pool.objectives if name in counts}

    def beliefs(self) -> list[OutputBelief | CountedOutput]:
        """Returns what is believed of each objective after all that was told, in the order of the objectives.

        What can be counted is not modelled, where the counts are the values that were told: another input has others.
        """
        known = torch.tensor(self.rows)
        values = dict(zip(self.pool.objectives, torch.as_tensor(np.stack(self.values)).unbind(-1), strict=True))
        found: dict[str, OutputBelief | CountedOutput] = {}
        for objective in sorted(self.pool.objectives, key=lambda name: name == POWER):  # it follows from the others
            counts = self._counts.get(objective)
            if counts is not None and torch.allclose(counts[known], values[objective], rtol=SAME):
                found[objective] = CountedOutput(counts.log().unsqueeze(-1))
                continue
            views = self._views(objective)
            if objective == POWER and {*WORK} <= {*found}:
                views = [View(torch.stack([found[name].moments()[0] for name in WORK], dim=-1))]
            found[objective] = OutputBelief.fit(views, known, values[objective])
        return [found[objective] for objective in self.pool.objectives]
