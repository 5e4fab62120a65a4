from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from protran.errors import InputError
from protran.report.front_picture import draw_front, picture_of
from protran.report.picture import Origin

Maker = Callable[..., dict[str, Any]]


def test_the_axes_carry_unit_provenance_and_budget(front_document: Maker) -> None:
    picture = picture_of(front_document(budgets=["latency<=3ms"]))
    assert [axis.title for axis in picture.axes] == [
        "error [%], scored",
        "latency [ms], measured-counter",
        "memory [kB], exact",
    ]
    assert [axis.budget for axis in picture.axes] == [None, 0.003, None]


def test_the_title_names_campaign_and_device(front_document: Maker) -> None:
    assert picture_of(front_document()).title == "demo on local"


def test_a_title_of_any_length_and_content_fits(front_document: Maker) -> None:
    title = picture_of(front_document(), title="\x1b[31m" + "x" * 500).title
    assert len(title) <= 90
    assert title.isprintable()


def test_each_candidate_is_marked_with_where_it_came_from(front_document: Maker) -> None:
    document = front_document(3)
    dominated = front_document(4)
    keys = [candidate["key"] for candidate in dominated["candidates"]]
    picture = picture_of(document, dominated=dominated, origins={keys[0]: Origin.VERIFIED, keys[3]: Origin.SEED})
    assert [(mark.origin, mark.on_front) for mark in picture.marks] == [
        (Origin.SEED, False),
        (Origin.VERIFIED, True),
        (None, True),
        (None, True),
    ]


def test_a_value_that_is_unavailable_is_not_drawn(front_document: Maker) -> None:
    picture = picture_of(front_document(objectives=("error", "energy_j")))
    assert all("energy_j" not in mark.values for mark in picture.marks)


def test_a_front_is_drawn_to_its_file(front_document: Maker, tmp_path: Path) -> None:
    assert imread(draw_front(front_document(12), tmp_path / "front.png")).ndim == 3


def test_a_suffix_that_is_no_picture_is_refused_in_one_sentence(front_document: Maker, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must end in \.png, \.svg, \.pdf; got 'front\.xlsx'"):
        draw_front(front_document(), tmp_path / "front.xlsx")


def test_a_folder_that_is_absent_is_refused_in_one_sentence(front_document: Maker, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write the picture"):
        draw_front(front_document(), tmp_path / "absent" / "front.png")
