from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from matplotlib.image import imread

from protran.benchmark.comparison import Run
from protran.errors import InputError
from protran.report.search_curves import draw_curves


def runs(length: int = 12) -> list[Run]:
    return [
        Run(method, seed, tuple(range(length)), (0.0,) * length, tuple((n + seed) / 20 for n in range(length)))
        for method in ("protran", "random")
        for seed in (0, 1, 2)
    ]


def test_the_picture_names_table_methods_and_seeds(tmp_path: Path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        drawn = draw_curves("board", runs(), tmp_path / "c.svg").read_text("utf-8")
    for words in ("board: mean and range of 3 seeds", ">protran<", ">random<", "evaluated rows"):
        assert words in drawn


@pytest.mark.parametrize("length", [1, 5])
def test_short_runs_are_drawn(tmp_path: Path, length: int) -> None:
    assert imread(draw_curves("board", runs(length), tmp_path / "c.png", dpi=40)).ndim == 3


@pytest.mark.parametrize(
    ("name", "words"), [("c.gif", r"must end in \.png"), ("no/c.png", "No such file or directory")]
)
def test_a_path_that_cannot_be_drawn_to_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_curves("board", runs(), tmp_path / name)
