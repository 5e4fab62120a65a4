"""The comparison on invented evaluations: real methods, no trainings."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.front_shares import shares
from benchmarks.relaxed_search import __main__ as program
from benchmarks.relaxed_search.evaluating import SPACE, Evaluated, Profiled, Scored, run
from benchmarks.relaxed_search.judging import CHECK_SEEDS, Check, check, front, points, unchecked
from benchmarks.relaxed_search.methods import METHODS, START, Seen
from protran.errors import InputError
from protran.studies.row_log import read_log
from protran.tasks.watch import WatchTask
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.space import load_space

INPUT_SPEC = WatchTask().input_spec


class Invented:
    """An evaluator that counts; large candidates have small errors and long latencies. One in ten cannot be trained."""

    trained = 0

    def __enter__(self) -> Invented:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def train(self, candidate: Candidate, seed: int) -> Scored:
        type(self).trained += 1
        if int(candidate.key[:2], 16) < 26:
            return Scored(math.nan, math.nan, 1.0, "it diverged")
        error = float(f"{0.1 + 2.0 / count_candidate(candidate, INPUT_SPEC).parameters ** 0.5:.7g}")
        return Scored(error, error, 1.0, "")

    def profile(self, candidate: Candidate) -> Profiled:
        cost = count_candidate(candidate, INPUT_SPEC)
        return Profiled(float(f"{1e-5 + 1e-9 * cost.macs:.7g}"), 1e-7, float(cost.parameters), "")


def seen(candidate: Candidate) -> Seen:
    scored, profiled = Invented().train(candidate, 0), Invented().profile(candidate)
    return Seen(candidate, scored.error, profiled.latency_s, profiled.latency_stderr_s, profiled.memory_bytes)


def row(number: int, key: str, values: tuple[float, float, float]) -> Evaluated:
    """Returns a row whose candidate is never asked for."""
    return Evaluated(number, key, GENES, "", values[0], values[0], values[1], 1e-7, values[2], 1.0, 0.1)


GENES = '{"architecture":{"layers":[{"feed_forward":[8],"heads":["sa_sdp"],"hidden":8}]}}'


@pytest.mark.parametrize("name", METHODS)
def test_every_method_proposes_candidates_of_the_space_again_for_its_seed_and_goes_on_after_failures(name: str) -> None:
    space = load_space(SPACE)

    def asked(seed: int) -> list[str]:
        method, found = METHODS[name](space, INPUT_SPEC, seed), []
        for _ in range(START + 2):
            candidate = method.ask()
            assert space.contains(candidate)
            found.append(candidate.key)
            method.tell(seen(candidate))
        return found

    first = asked(0)
    assert first == asked(0) != asked(1)


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = run("protran", 1, START + 5, tmp_path / "whole", Invented)
    before = Invented.trained
    run("protran", 1, START + 2, tmp_path / "parts", Invented)
    parts = run("protran", 1, START + 5, tmp_path / "parts", Invented)
    assert Invented.trained - before == START + 5
    keys = [[item.key for item in read_log(Evaluated, path)] for path in (whole, parts)]
    assert keys[0] == keys[1]
    (tmp_path / "parts" / "protran-2.csv").write_text(parts.read_text())
    with pytest.raises(InputError, match="its row 0 is not what protran proposes now"):
        run("protran", 2, START + 6, tmp_path / "parts", Invented)


def test_members_are_judged_by_other_trainings_than_those_that_chose_them() -> None:
    rows = [row(0, "a", (0.1, 1e-3, 10.0)), row(1, "b", (0.2, 1e-4, 10.0)), row(2, "c", (0.3, 1e-3, 10.0))]
    rows.append(row(3, "d", (math.nan, 1e-5, 1.0)))
    assert [item.key for item in front(rows, 1)] == ["a"]
    members = front(rows, 4)
    assert [item.key for item in members] == ["a", "b"]
    known = [Check("a", CHECK_SEEDS[0], 0.4, 0.5, 1e-3, 1.0, "")]
    assert [(item.key, seed) for item, seed in unchecked([members], known)] == [
        ("a", CHECK_SEEDS[1]),
        ("b", CHECK_SEEDS[0]),
        ("b", CHECK_SEEDS[1]),
    ]
    found = points(members, {"a": known}, "test_error")
    assert found == pytest.approx(np.array([[0.5, -3.0, 1.0]]))


def test_shares_are_between_the_best_and_the_worst_of_all() -> None:
    found = shares({("x", 0, 1): np.array([[0.0, 0.0, 0.0]]), ("y", 0, 1): np.array([[1.0, 2.0, 3.0]])})
    assert found["x", 0, 1] == pytest.approx(1.0)
    assert found["y", 0, 1] == pytest.approx((0.1 / 1.1) ** 3)


def test_the_table_has_a_line_for_each_method_and_number_of_evaluations(tmp_path: Path) -> None:
    rows = {("random", seed): [row(0, "a", (0.1 + 0.1 * seed, 1e-3, 10.0))] for seed in (0, 1)}
    fronts = {("random", seed, 1): front(found, 1) for (_, seed), found in rows.items()}
    checks = [Check("a", seed, 0.2, 0.2, 1e-3, 1.0, "") for seed in CHECK_SEEDS]
    outcomes = program.judged(rows, fronts, checks)
    program.write(outcomes, tmp_path)
    assert len((tmp_path / "relaxed_search.csv").read_text().splitlines()) == 3
    assert "| random | 1 | 1.0 | 1.000 +- 0.000 | 1.000 +- 0.000 | 0 | 1 |" in program.table(outcomes, 2)


def test_an_unknown_method_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["--methods", "annealing"])
    assert "expected methods among protran, random, sobol, nsga2, tpe, got annealing" in capsys.readouterr().err


@pytest.mark.parametrize("work", [run, check])
def test_other_processes_find_the_work_by_its_name(work: Callable[..., object]) -> None:
    # A started process does not import a package's __main__: what it is handed must live elsewhere.
    assert not work.__module__.endswith("__main__")
