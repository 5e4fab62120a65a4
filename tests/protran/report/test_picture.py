from __future__ import annotations

import pytest

from protran.report.picture import Axis, Picture, staircase
from protran.report.scale import Scale

MS = Scale(1e-3, "ms")


def axes(*names: str) -> tuple[Axis, ...]:
    return tuple(Axis(name, name, MS) for name in names)


def test_a_staircase_holds_what_no_other_point_dominates() -> None:
    assert staircase([(1, 5), (2, 6), (3, 2), (3, 3), (9, 2)]) == [(1, 5), (3, 2)]


def test_a_staircase_follows_the_direction_of_each_axis() -> None:
    assert staircase([(1, 5), (2, 6), (3, 2)], (False, True)) == [(1, 5), (2, 6)]
    assert staircase([(1, 5), (2, 6), (3, 7)], (True, False)) == [(1, 5), (2, 6), (3, 7)]


def test_an_axis_names_its_unit_and_provenance() -> None:
    assert Axis("latency_s", "latency", MS, "measured-counter").title == "latency [ms], measured-counter"
    assert Axis("parameters", "parameters", Scale(1.0, "")).title == "parameters"


def test_every_other_objective_is_drawn_against_the_first() -> None:
    picture = Picture("", axes("error", "latency_s", "energy_j"))
    assert [(x.name, y.name) for x, y in picture.panels() if y] == [("latency_s", "error"), ("energy_j", "error")]


def test_a_single_objective_is_drawn_against_the_rank() -> None:
    ((x, y),) = Picture("", axes("latency_s")).panels()
    assert (x.name, y) == ("latency_s", None)


@pytest.mark.parametrize(
    ("names", "shaded"),
    [
        (("error", "latency_s"), None),
        (("error", "latency_s", "memory_bytes", "energy_j"), "memory_bytes"),
        (("error", "latency_s", "energy_j"), "energy_j"),
    ],
)
def test_colour_stands_for_memory_or_the_last_of_three(names: tuple[str, ...], shaded: str | None) -> None:
    shade = Picture("", axes(*names)).shade()
    assert (shade.name if shade else None) == shaded
