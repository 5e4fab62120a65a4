import numpy as np
import pytest

from protran.tasks.cache import cache_folder, write_arrays
from protran.tasks.errors import TaskError


def test_the_environment_variable_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


def test_without_the_variable_it_is_the_users_cache_folder(monkeypatch):
    monkeypatch.delenv("PROTRAN_CACHE", raising=False)
    assert cache_folder().name == "protran"


def test_what_is_written_is_read_back_and_nothing_else_is_left(tmp_path):
    write_arrays(tmp_path / "new" / "a.npz", {"x": np.arange(3)})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npz"]
    with np.load(tmp_path / "new" / "a.npz", allow_pickle=False) as arrays:
        assert arrays["x"].tolist() == [0, 1, 2]


def test_a_failed_write_leaves_the_old_file_and_no_partial_one(tmp_path, monkeypatch):
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})
    before = (tmp_path / "a.npz").read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TaskError, match="No space left"):
        write_arrays(tmp_path / "a.npz", {"x": np.arange(4)})
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_one_sentence_that_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TaskError, match="set PROTRAN_CACHE to a folder that can be written") as caught:
        write_arrays(tmp_path / "file" / "a.npz", {"x": np.arange(3)})
    assert "\n" not in str(caught.value)
