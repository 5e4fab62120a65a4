from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.search_summary import Runs, as_markdown, curve_points, read_runs


def runs(*curves: tuple[float, ...]) -> Runs:
    return Runs(
        dict(enumerate(curves)), {seed: tuple(float(n) for n in range(len(c))) for seed, c in enumerate(curves)}
    )


def test_what_is_needed_is_where_the_mean_over_the_seeds_gets_there() -> None:
    own = runs((0.1, 0.5, 0.9), (0.3, 0.5, 0.5))
    assert [own.needed(fraction) for fraction in (0.2, 0.5, 0.6, 0.7, 0.71)] == [1, 2, 3, 3, None]


def test_seeds_that_did_not_go_as_far_do_not_count() -> None:
    own = runs((0.1, 0.5), (0.3,))
    assert own.at(2)[0] == [0.5]
    assert own.shortest == 1


def test_a_file_of_runs_is_summed_up(tmp_path: Path) -> None:
    head = "table,key,objectives,method,seed,evaluation,row,search_s,hv_fraction"
    rows = [
        f"t,k,a+b,{method},{seed},{n},0,{n * 0.1},{n * slope:.4f}"
        for method, slope in (("protran", 0.04), ("random", 0.01))
        for seed in (0, 1)
        for n in range(1, 21)
    ]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    found = read_runs(path)
    points = [(p.method, p.evaluations, p.seeds, p.mean) for p in curve_points(found)]
    assert points == [
        ("protran", 10, 2, pytest.approx(0.4)),
        ("protran", 20, 2, pytest.approx(0.8)),
        ("random", 10, 2, pytest.approx(0.1)),
        ("random", 20, 2, pytest.approx(0.2)),
    ]
    lines = as_markdown(found, [5, 10]).splitlines()
    assert lines[2] == "| protran | 2 | 0.200 +- 0.000 | 0.400 +- 0.000 | 0.5 | - |"
    assert lines[3] == "| random | 2 | 0.050 +- 0.000 | 0.100 +- 0.000 | 0.5 | 20 (4.0 x) |"
    assert as_markdown(found, [10, 30]).splitlines()[3].endswith("| - | 1.0 | > 20 (> 2.0 x) |")
