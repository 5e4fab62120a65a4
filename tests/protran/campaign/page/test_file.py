from __future__ import annotations

from pathlib import Path

import pytest

from protran.campaign.page.file import write_page
from protran.errors import InputError

DOCUMENT = {"campaign": {"name": "demo"}}


def test_a_page_goes_beside_the_campaigns_results(tmp_path: Path) -> None:
    path = write_page(DOCUMENT, tmp_path)
    assert path == tmp_path / "demo" / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_a_page_replaces_an_older_one(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")
    assert write_page(DOCUMENT, tmp_path, target).read_text(encoding="utf-8")[:3] != "old"


@pytest.mark.parametrize("name", ["../../x", "<script>", "a/b", "", ".hidden", "x" * 10_000, "\N{ROCKET}"])
def test_a_name_that_is_no_name_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        write_page({"campaign": {"name": name}}, tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []
    assert write_page({"campaign": {"name": name}}, tmp_path, tmp_path / "page.html").is_file()


@pytest.mark.parametrize("name", ["page.txt", "page"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must end in \.html"):
        write_page(DOCUMENT, tmp_path, tmp_path / name)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write the report"):
        write_page(DOCUMENT, tmp_path, tmp_path / "file" / "page.html")
