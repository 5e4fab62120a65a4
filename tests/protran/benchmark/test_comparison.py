from __future__ import annotations

import pytest

from protran.benchmark.comparison import Run, check_evaluations, compare, document, results, run_method
from protran.benchmark.judge import Judge
from protran.benchmark.pool import PooledTable
from protran.errors import InputError


class Kept:
    """Runs kept in memory."""

    def __init__(self, *runs: Run) -> None:
        self.runs = list(runs)

    def read(self, judge: Judge) -> dict[tuple[str, int], Run]:
        return {(run.method, run.seed): run for run in self.runs}

    def keep(self, run: Run) -> None:
        self.runs.append(run)


def invented(method: str, seed: int, *curve: float) -> Run:
    return Run(method, seed, tuple(range(len(curve))), tuple(float(n + seed) for n in range(len(curve))), curve)


def test_a_run_is_judged_after_every_row(table: PooledTable, judge: Judge) -> None:
    run = run_method(table, judge, "random", 0, 10)
    assert run.curve == pytest.approx(judge.curve(run.rows))
    assert list(run.search_s) == sorted(run.search_s)
    assert len(run.rows) == len(run.search_s) == 10


@pytest.mark.parametrize("name", ["random", "sobol", "protran"])
def test_a_short_run_is_the_beginning_of_a_long_one(name: str, table: PooledTable, judge: Judge) -> None:
    short, long = (run_method(table, judge, name, 0, number).rows for number in (18, 22))
    assert long[:16] == short[:16]
    assert set(long[16:20]) >= set(short[16:18])


def test_results_are_means_and_deviations_over_the_seeds(table: PooledTable) -> None:
    found = results([invented("a", 0, 0.1, 0.5), invented("a", 2, 0.3, 0.7), invented("b", 0, 0.2, 0.2)], (1, 2))
    assert document(table, found) == {
        "table": "board",
        "objectives": ["perplexity", "latency_s", "energy_j", "peak_power_w"],
        "results": [
            {
                "method": method,
                "evaluations": number,
                "seeds": seeds,
                "hv_fraction": {"mean": pytest.approx(mean), "std": pytest.approx(deviation)},
                "search_s": seconds,
            }
            for method, number, seeds, mean, deviation, seconds in (
                ("a", 1, 2, 0.2, 0.02**0.5, 1.0),
                ("a", 2, 2, 0.6, 0.02**0.5, 2.0),
                ("b", 1, 1, 0.2, 0.0, 0.0),
                ("b", 2, 1, 0.2, 0.0, 1.0),
            )
        ],
    }


def test_runs_that_are_kept_and_long_enough_are_not_repeated(table: PooledTable, judge: Judge) -> None:
    long, short = invented("random", 0, *([0.5] * 9)), invented("random", 1, 0.5)
    kept, seen = Kept(long, short), []
    runs = compare(table, judge, ["random"], range(2), 4, keeper=kept, on_rows=seen.append)
    assert runs[0] is long
    assert len(runs[1].rows) == 4
    assert kept.runs == [long, short, runs[1]]
    assert sum(seen) == 8


def test_numbers_of_evaluations_rise_and_fit_the_table(table: PooledTable) -> None:
    assert check_evaluations([20, 5, 20], table) == (5, 20)
    for wrong in ([], [0], [41]):
        with pytest.raises(InputError, match="from 1 to 40, the rows of board"):
            check_evaluations(wrong, table)
