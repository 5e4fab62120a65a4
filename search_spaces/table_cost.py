"""Costs of many candidates at once, block by block."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from search_spaces.cost import Cost, count
from search_spaces.gene_table import GeneTable
from search_spaces.input_spec import InputSpec

BLOCK = 1000  # rows: what the formulas make of them between genes and counts stays in the processor's cache


def count_table(table: GeneTable, input_spec: InputSpec) -> Cost:
    """Returns the cost of every row, float64 `n`: what `count` gives for the genes of the whole table, sooner.

    Candidates of equal depth are counted together, so that no formula runs over absent layers. Counts are whole
    numbers far below 2**53, hence the same whatever the order of the sums.

    Raises:
        SpaceError: models of the table's space cannot read that input.
    """
    input_spec.check_family(table.space.family)
    depth = table.depth
    order = np.argsort(depth, kind="stable")
    parts = []
    for start in range(0, max(len(table), 1), BLOCK):
        rows = order[start : start + BLOCK]
        parts.append(count(table.take(rows).genes(int(depth[rows].max(initial=1))), input_spec))
    back = np.argsort(order)
    return Cost(**{f.name: np.concatenate([getattr(part, f.name) for part in parts])[back] for f in fields(Cost)})
