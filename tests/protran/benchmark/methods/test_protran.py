from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from protran.benchmark.comparison import run_method
from protran.benchmark.judge import Judge
from protran.benchmark.methods.protran import ProTranSearch
from protran.benchmark.pool import Pool, PooledTable, read_pool
from protran.optimize.pool_beliefs import OutputBelief
from search_spaces.cost import count
from search_spaces.genes import genes_of
from search_spaces.presets import GPT_INPUT
from search_spaces.space import DesignSpace


def test_it_finds_more_than_the_same_number_of_random_rows(table: PooledTable, judge: Judge) -> None:
    found = [run_method(table, judge, name, 0, 20).curve[-1] for name in ("protran", "random")]
    assert found[0] > found[1]
    assert found[0] == pytest.approx(1.0, abs=0.05)


def test_what_can_be_counted_is_not_modelled(table_file: Path, space: DesignSpace) -> None:
    plain = read_pool(table_file, space, ["perplexity"])
    counts = count(genes_of(plain.pool.candidates), GPT_INPUT).parameters
    table = PooledTable(
        "counted",
        Pool(space, plain.pool.candidates, ("perplexity", "parameters"), GPT_INPUT),
        np.column_stack([plain.observed, counts]),
        np.column_stack([plain.smooth, counts]),
    )
    method = ProTranSearch(table.pool, 0)
    rows = list(range(8))
    method.tell(rows, table.observed[rows])
    modelled, counted = method.beliefs()
    assert isinstance(modelled, OutputBelief)
    assert torch.allclose(counted.moments()[0].exp(), torch.as_tensor(counts))
    assert not counted.moments()[1].any()
    chosen = method.ask(4)  # a belief without doubt is conditioned on rows all the same
    assert len(set(chosen) - set(rows)) == 4


def test_a_count_of_another_input_is_modelled(table_file: Path, space: DesignSpace) -> None:
    plain = read_pool(table_file, space, ["perplexity"])
    pool = Pool(space, plain.pool.candidates, ("perplexity", "parameters"), GPT_INPUT)
    counts = 2.0 * count(genes_of(plain.pool.candidates), GPT_INPUT).parameters
    method = ProTranSearch(pool, 0)
    method.tell(list(range(8)), np.column_stack([plain.observed, counts])[:8])
    assert all(isinstance(belief, OutputBelief) for belief in method.beliefs())
