from __future__ import annotations

import json

import pytest
import torch

from surrogates import storage
from surrogates.errors import SurrogateError

TENSORS = {"a.weights": torch.arange(3.0), "a.rows": torch.tensor([1, 2]), "b.weights": torch.ones(1)}


@pytest.fixture
def folder(tmp_path):
    storage.write(tmp_path / "deep" / "folder", "toy", TENSORS, {"shift": 0.1})
    return tmp_path / "deep" / "folder"


def read(folder, kind="toy"):
    return storage.read(folder, kind, lambda tensors, settings: (dict(tensors), settings))


def change_settings(folder, **changes):
    file = folder / storage.SETTINGS_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_was_written_is_read(folder):
    tensors, settings = read(folder)
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert settings == {"shift": 0.1}


def test_tensors_below_a_prefix_lose_it():
    assert storage.below(TENSORS, "a.").keys() == {"weights", "rows"}


def test_another_kind_is_refused(folder):
    with pytest.raises(SurrogateError, match=r"expected a surrogate 'other' of format 1 in .* got 'toy'"):
        read(folder, "other")


def test_another_format_is_refused(folder):
    change_settings(folder, format=99)
    with pytest.raises(SurrogateError, match="of format 99"):
        read(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1, "kind": "toy"}', "\udcff"])
def test_settings_that_are_not_a_header_are_refused(folder, content):
    (folder / storage.SETTINGS_FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SurrogateError, match="expected an undamaged surrogate"):
        read(folder)


@pytest.mark.parametrize("keep", [0, 7, -1])
def test_a_torn_tensor_file_is_refused(folder, keep):
    file = folder / storage.TENSORS_FILE
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(SurrogateError, match="does not have the hash"):
        read(folder)


def test_settings_that_were_changed_are_refused(folder):
    change_settings(folder, settings={"shift": 0.2})
    with pytest.raises(SurrogateError, match="does not have the hash"):
        read(folder)


@pytest.mark.parametrize("name", [storage.TENSORS_FILE, storage.SETTINGS_FILE])
def test_a_missing_file_is_named_as_a_surrogate_that_is_not_there(folder, name):
    (folder / name).unlink()
    with pytest.raises(SurrogateError, match="expected a saved surrogate"):
        read(folder)


def test_an_entry_that_the_surrogate_misses_is_damage(folder):
    with pytest.raises(SurrogateError, match="an entry is missing"):
        storage.read(folder, "toy", lambda tensors, settings: tensors["absent"])


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SurrogateError, match="expected a folder that can be written"):
        storage.write(tmp_path / "file" / "below", "toy", TENSORS, {})
