from __future__ import annotations

import matplotlib
import pytest

from protran.errors import InputError
from protran.report.class_picture import ClassShares, draw_classes

SETS = [ClassShares("train", [30, 10]), ClassShares("test", [5, 7])]


def test_every_class_and_every_set_with_its_windows_is_named(tmp_path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        text = draw_classes("watch", ["walking", "running"], SETS, tmp_path / "c.svg").read_text(encoding="utf-8")
    for words in ("Classes of watch", "walking", "running", "train (40)", "test (12)", "windows"):
        assert words in text


def test_another_suffix_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"must end in \.png"):
        draw_classes("watch", ["a", "b"], SETS, tmp_path / "c.gif")
