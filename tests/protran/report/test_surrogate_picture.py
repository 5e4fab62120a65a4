from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from matplotlib.image import imread

from protran.errors import InputError
from protran.evaluate.evaluation import Result
from protran.report.surrogate_picture import draw_evaluation


def results(*targets: str) -> list[Result]:
    found = []
    for model in ("gp", "auto"):
        for target in targets:
            for train in (8, 16):
                result = Result(model, target, train, test=4)
                result.samples["nmse"] = [0.1 / train, 0.2 / train, 0.4 / train]
                found.append(result)
    return found


def test_the_picture_names_table_targets_models_and_sizes(tmp_path: Path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # letters, not their outlines
        drawn = draw_evaluation("board", results("latency_s", "energy_j"), tmp_path / "e.svg").read_text("utf-8")
    for words in ("board: 3 splits with 4 test rows each", "latency_s", "energy_j", ">gp<", ">auto<", ">8<", ">16<"):
        assert words in drawn


def test_more_targets_make_the_picture_wider(tmp_path: Path) -> None:
    one = draw_evaluation("board", results("latency_s"), tmp_path / "one.png", dpi=40)
    three = draw_evaluation("board", results("a", "b", "c"), tmp_path / "three.png", dpi=40)
    assert imread(three).shape[1] > imread(one).shape[1]


@pytest.mark.parametrize(
    ("name", "words"), [("e.gif", r"must end in \.png"), ("no/e.png", "No such file or directory")]
)
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_evaluation("board", results("latency_s"), tmp_path / name)
