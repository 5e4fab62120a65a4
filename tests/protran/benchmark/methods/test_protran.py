from __future__ import annotations

import pytest

from protran.benchmark.comparison import run_method
from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable


def test_it_finds_more_than_the_same_number_of_random_rows(table: PooledTable, judge: Judge) -> None:
    found = [run_method(table, judge, name, 0, 20).curve[-1] for name in ("protran", "random")]
    assert found[0] > found[1]
    assert found[0] == pytest.approx(1.0, abs=0.05)
