"""The picture of the models study."""

import pytest

from protran.errors import InputError
from protran.report.models_picture import DrawnForm, draw_models

FP32 = DrawnForm("bert-tiny (from scratch)", "fp32 torch", 0.6, 0.02, 0.004, 0.0001, 17e6, ((1, 250.0), (2, 300.0)))
INT8 = DrawnForm("minilm-6", "int8-dynamic onnxruntime", 0.7, 0.02, 0.03, 0.001, 23e6, ((1, 33.0), (2, 40.0)))
UNTIMED = DrawnForm("minilm-6", "fp32 torch", 0.7, 0.02, None, 0.0, 91e6)


@pytest.fixture
def drawn(monkeypatch):
    """Keeps the figures that are drawn."""
    from protran.report import models_picture

    figures = []
    real = models_picture.Figure

    def keep(*arguments, **options):
        figures.append(real(*arguments, **options))
        return figures[-1]

    monkeypatch.setattr(models_picture, "Figure", keep)
    return figures


def test_scores_and_throughput_are_drawn(tmp_path, drawn):
    path = draw_models("On $texts$", "accuracy", [FP32, INT8, UNTIMED], tmp_path / "p.png", dpi=40)
    assert path.read_bytes().startswith(b"\x89PNG")
    left, right = drawn[0].axes
    assert left.get_ylabel() == "accuracy [%]"
    assert left.get_xlabel() == "latency of one document [ms]"
    assert len(left.collections) >= 2
    assert [list(line.get_xdata()) for line in right.lines] == [[1, 2], [1, 2]]
    assert "largest marker: 23 MB on disk" in left.get_title()


def test_models_have_colours_and_forms_have_shapes(tmp_path, drawn):
    draw_models("t", "accuracy", [FP32, INT8, UNTIMED], tmp_path / "p.png", dpi=40)
    labels = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert labels == ["bert-tiny (from scratch)", "minilm-6", "fp32 torch", "int8-dynamic onnxruntime"]


def test_throughput_alone_is_drawn_too(tmp_path):
    from dataclasses import replace

    assert draw_models("t", "accuracy", [replace(FP32, score=None)], tmp_path / "p.png", dpi=40).exists()


@pytest.mark.parametrize(
    ("forms", "name", "words"),
    [
        ([UNTIMED], "p.png", "expected at least one form with a score and a latency, got none"),
        ([FP32], "p.gif", "a picture must end in"),
        ([FP32], "none/p.png", "cannot write the picture"),
    ],
)
def test_what_cannot_be_drawn_is_told(tmp_path, forms, name, words):
    with pytest.raises(InputError, match=words):
        draw_models("t", "accuracy", forms, tmp_path / name)
