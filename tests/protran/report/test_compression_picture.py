from __future__ import annotations

import matplotlib
import pytest
from matplotlib.image import imread

from protran.errors import InputError
from protran.report.compression_picture import Point, draw_compression, lower_left


def point(number: int, *, family: str = "int8", recipe: str = "study", on_front: bool = False, baseline=False) -> Point:
    error, latency_s, size_bytes = 0.3 - 0.02 * number, 1e-3 * (number + 1), 1e4 * (number + 1)
    return Point(f"t{number}", recipe, family, error, 0.01, latency_s, 1e-5, size_bytes, on_front, baseline)


POINTS = [
    point(4, family="not compressed", baseline=True),
    point(2),
    point(0, family="found by the search", recipe="campaign", on_front=True),
    point(1, family="found by the search", recipe="campaign", on_front=True),
]


def test_the_picture_names_families_recipes_and_baselines(tmp_path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        text = draw_compression("Compression on watch", POINTS, tmp_path / "p.svg").read_text(encoding="utf-8")
    for words in ("not compressed", "int8", "found by the search", "the search's front", "t4, study", "size on disk"):
        assert words in text
    assert "edge: trained by the recipe of the campaign" in text
    assert "t2, study" not in text


def test_a_png_has_pixels(tmp_path) -> None:
    assert imread(draw_compression("one", POINTS[:1], tmp_path / "p.png", dpi=40)).ndim == 3


def test_the_front_is_what_no_other_member_beats() -> None:
    slow = Point("slow", "campaign", "found", 0.5, 0.0, 1.0, 0.0, 1.0, True, False)
    rival = Point("rival", "study", "int8", 0.0, 0.0, 1e-9, 0.0, 1.0, False, False)
    members = lower_left([slow, rival, *POINTS])
    assert [member.model for member in members] == ["t0", "t1"]


@pytest.mark.parametrize(("points", "name"), [([], "p.png"), (POINTS, "p.txt"), (POINTS, "nowhere/p.png")])
def test_what_cannot_be_drawn_is_refused(tmp_path, points, name: str) -> None:
    with pytest.raises(InputError):
        draw_compression("x", points, tmp_path / name)
