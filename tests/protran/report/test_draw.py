from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from protran.report.draw import draw
from protran.report.picture import Axis, Mark, Origin, Picture
from protran.report.scale import Scale

ERROR = Axis("error", "error", Scale(0.01, "%"), "scored")
LATENCY = Axis("latency_s", "latency", Scale(1e-3, "ms"), "measured-counter", budget=3e-3)
MEMORY = Axis("memory_bytes", "memory", Scale(1e3, "kB"), "exact")
ENERGY = Axis("energy_j", "energy", Scale(1e-3, "mJ"), "measured-sampled")


def marks(count: int) -> tuple[Mark, ...]:
    rng = np.random.default_rng(count)
    latency = rng.lognormal(-6.3, 1.0, count)
    return tuple(
        Mark(
            {
                "error": (0.1 + 0.2 * rng.random(), 0.012),
                "latency_s": (t, 0.02 * t),
                "memory_bytes": (3e7 * t, 0.0),
                "energy_j": (2 * t, None),
            },
            (None, *Origin)[number % 5],
            number % 3 != 1,
        )
        for number, t in enumerate(latency)
    )


@pytest.mark.parametrize(
    ("count", "axes"),
    [
        (0, (ERROR, LATENCY, MEMORY)),
        (1, (ERROR, LATENCY, MEMORY)),
        (200, (ERROR, LATENCY, MEMORY, ENERGY)),
        (10, (LATENCY,)),
        (10, (ERROR, LATENCY)),
    ],
)
def test_a_picture_of_any_size_is_drawn(tmp_path: Path, count: int, axes: tuple[Axis, ...]) -> None:
    image = imread(draw(Picture("demo on local", axes, marks(count)), tmp_path / "front.png", dpi=40))
    assert image.std() > 0.01


def test_more_objectives_make_a_wider_picture(tmp_path: Path) -> None:
    two = imread(draw(Picture("", (ERROR, LATENCY), marks(5)), tmp_path / "two.png", dpi=40))
    four = imread(draw(Picture("", (ERROR, LATENCY, MEMORY, ENERGY), marks(5)), tmp_path / "four.png", dpi=40))
    assert four.shape[1] > two.shape[1]


def test_equal_candidates_are_drawn_though_they_span_no_range(tmp_path: Path) -> None:
    same = Mark({"error": (0.2, 0.0), "latency_s": (0.001, 0.0), "memory_bytes": (5e4, 0.0)})
    draw(Picture("", (ERROR, LATENCY, MEMORY), (same, same)), tmp_path / "front.png", dpi=40)


def test_a_candidate_without_a_value_is_left_out_of_that_panel_only(tmp_path: Path) -> None:
    partial = (Mark({"error": (0.2, 0.01), "latency_s": (0.001, None)}), *marks(3))
    draw(Picture("", (ERROR, LATENCY, MEMORY), partial), tmp_path / "front.png", dpi=40)


def test_a_hostile_name_is_drawn_as_it_is(tmp_path: Path) -> None:
    svg = draw(Picture("a$b_{c [bold]x[/]", (ERROR, LATENCY), marks(3)), tmp_path / "front.svg")
    assert svg.read_text(encoding="utf-8").startswith("<?xml")


def test_a_suffix_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gibberish"):
        draw(Picture("", (ERROR, LATENCY), marks(3)), tmp_path / "front.gibberish")
