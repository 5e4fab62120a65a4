from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protran.errors import InputError
from protran.report.query_picture import draw_answer

Documents = Callable[..., dict[str, Any]]


def test_what_is_chosen_and_predicted_is_drawn_and_explained(front_document: Documents, tmp_path: Path) -> None:
    document = front_document(4)
    document["chosen"] = {"key": document["candidates"][1]["key"]}
    plain, whole = (tmp_path / f"{name}.svg" for name in ("plain", "whole"))
    draw_answer(front_document(4), plain)
    draw_answer(document, whole, predicted=front_document(3))
    text = whole.read_text(encoding="utf-8")
    assert "#cc79a7" in text and "#cc79a7" not in plain.read_text(encoding="utf-8")
    assert "predicted, not measured" in text and "chosen by the stated preference" in text


def test_one_objective_and_an_empty_front_are_drawn(front_document: Documents, tmp_path: Path) -> None:
    for name, document in {"one": front_document(3, ["error"]), "none": front_document(0)}.items():
        path = draw_answer(document, tmp_path / f"{name}.png", predicted=document)
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_an_unknown_kind_or_place_is_refused(front_document: Documents, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must end in"):
        draw_answer(front_document(2), tmp_path / "front.xlsx")
    with pytest.raises(InputError, match="cannot write the picture"):
        draw_answer(front_document(2), tmp_path / "nowhere" / "front.png")
