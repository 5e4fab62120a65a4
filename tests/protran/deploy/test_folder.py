from __future__ import annotations

import hashlib

import pytest

from protran.deploy.errors import DeployError
from protran.deploy.folder import check_free, filled
from protran.errors import InputError


def test_a_folder_is_there_when_it_is_whole(tmp_path):
    out = tmp_path / "deep" / "out"
    with filled(out) as folder:
        (folder / "a.txt").write_text("a")
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == ["SHA256SUMS", "a.txt"]
    assert (out / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'a').hexdigest()}  a.txt\n"


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(ValueError, match="broken"), filled(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    with filled(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
    assert (tmp_path / "out" / "a.txt").is_file()


def test_what_came_meanwhile_is_kept(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="new or an empty folder"), filled(out):
        out.mkdir()
        (out / "theirs").write_text("theirs")
    assert [path.name for path in out.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [out]


def test_files_links_and_the_current_folder_are_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(InputError, match="new or an empty folder"):
            check_free(tmp_path / name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="than the current one"):
        check_free(tmp_path / "here")


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeployError, match="choose another --out"), filled(tmp_path / "file" / "out"):
        pass


def test_two_exports_to_one_place_do_not_mix(tmp_path):
    with filled(tmp_path / "out") as first:
        (first / "a.txt").write_text("a")
        with pytest.raises(DeployError, match="choose another --out"), filled(tmp_path / "out"):
            pass
    assert (tmp_path / "out" / "a.txt").read_text() == "a"
