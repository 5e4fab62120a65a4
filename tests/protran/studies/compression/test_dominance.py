"""The front against its rivals, on invented figures."""

from __future__ import annotations

import pytest

from protran.fidelity import Fidelity
from protran.studies.compression.dominance import Verdict, compare
from protran.studies.compression.figures import Entry
from protran.studies.compression.models import StudyModel
from protran.studies.compression.summary import verdict_line
from protran.studies.compression.variant import Variant
from protran.training.recipe import Recipe
from search_spaces.candidate import Architecture, HeadKind, Layer

ANY = Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (8,)),))


def entry(name, accuracies, latency, size, validation=None, *, found=False) -> Entry:
    variant = Variant.FOUND if found else Variant.FP32
    model = StudyModel(name, name, "study", ANY, Recipe(), Fidelity(1), (variant,))
    series = {
        "accuracy": dict(enumerate(accuracies)),
        "validation_accuracy": dict(enumerate([validation or accuracies[0]] * len(accuracies))),
        "latency_s": {0: latency, 1: latency * 1.001},
        "file_bytes": {0: size, 1: size},
    }
    return Entry(model, variant, series, "", (), None)


RIVAL = entry("t1", [0.70, 0.72, 0.71], 0.004, 1000.0)


def only(*members: Entry, rival: Entry = RIVAL):
    (comparison,) = compare([rival, *members])
    return comparison


def test_a_faster_smaller_and_more_accurate_member_dominates_beyond_the_error_bars() -> None:
    found = only(entry("front-1", [0.80, 0.82, 0.81], 0.001, 100.0, found=True))
    assert (found.verdict, found.beyond_error_bars) == (Verdict.DOMINATES, True)
    assert found.error_difference.mean == pytest.approx(-0.10)
    assert found.latency_ratio.mean == pytest.approx(0.25)
    assert found.size_ratio.mean == pytest.approx(0.1)


def test_a_smaller_error_within_the_bars_dominates_but_not_beyond_them() -> None:
    found = only(entry("front-1", [0.75, 0.69, 0.72], 0.001, 100.0, found=True))
    assert (found.verdict, found.beyond_error_bars) == (Verdict.DOMINATES, False)


def test_a_larger_error_within_the_bars_is_equal() -> None:
    assert only(entry("front-1", [0.69, 0.73, 0.70], 0.001, 100.0, found=True)).verdict is Verdict.EQUALS


def test_a_larger_error_beyond_the_bars_is_said() -> None:
    assert only(entry("front-1", [0.60, 0.62, 0.61], 0.001, 100.0, found=True)).verdict is Verdict.LESS_ACCURATE


@pytest.mark.parametrize(("latency", "size"), [(0.005, 100.0), (0.001, 2000.0)])
def test_a_member_that_is_slower_or_larger_does_not_stand_against_a_rival(latency: float, size: float) -> None:
    found = only(entry("front-1", [0.80, 0.82, 0.81], latency, size, found=True))
    assert (found.verdict, found.member) == (Verdict.NONE_AS_SMALL, None)


def test_the_member_is_chosen_by_validation_and_not_by_the_test_score() -> None:
    lucky = entry("front-1", [0.90, 0.90, 0.90], 0.001, 100.0, validation=0.70, found=True)
    chosen = entry("front-2", [0.72, 0.73, 0.72], 0.001, 100.0, validation=0.80, found=True)
    assert only(lucky, chosen).member is chosen


def test_a_rival_without_a_latency_is_not_judged() -> None:
    rival = Entry(RIVAL.model, RIVAL.variant, {"accuracy": {0: 0.7}}, "", (), None)
    member = entry("front-1", [0.80], 0.001, 100.0, found=True)
    assert only(member, rival=rival).verdict is Verdict.UNKNOWN


def test_without_a_front_there_is_nothing_to_compare() -> None:
    assert compare([RIVAL]) == []


def test_large_models_and_students_are_counted_apart() -> None:
    student = entry("student-5k", [0.70, 0.72, 0.71], 0.0001, 10.0)
    member = entry("front-1", [0.80, 0.82, 0.81], 0.001, 100.0, found=True)
    assert verdict_line(compare([RIVAL, student, member])) == (
        "Of 1 rows of large models, the front: 1: dominates. "
        "Of 1 rows of small students, the front: 1: no member as fast and as small."
    )


def test_one_repeat_has_no_error_bars_and_so_no_equality() -> None:
    rival = entry("t1", [0.70], 0.004, 1000.0)
    assert only(entry("front-1", [0.69], 0.001, 100.0, found=True), rival=rival).verdict is Verdict.LESS_ACCURATE
