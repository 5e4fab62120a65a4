import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from protran.tasks import watch_source
from protran.tasks.errors import TaskError
from protran.tasks.watch_source import CONVERTED, read_recordings


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROTRAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _install(monkeypatch, origin):
    spec = None if origin is None else ModuleSpec("seglearn", None, origin=str(origin))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)


def test_the_recordings_are_converted_once_and_then_read_without_the_package(cache, monkeypatch):
    first = read_recordings()
    _install(monkeypatch, None)
    second = read_recordings()
    assert (cache / CONVERTED).is_file()
    assert np.array_equal(first.samples, second.samples)
    assert len(first.split()) == 140
    assert first.samples.shape == (first.lengths.sum(), 6)


def test_a_damaged_cache_is_converted_again(cache):
    whole = read_recordings()
    content = (cache / CONVERTED).read_bytes()
    (cache / CONVERTED).write_bytes(content[: len(content) // 2])
    assert np.array_equal(read_recordings().samples, whole.samples)
    assert (cache / CONVERTED).read_bytes()[:4] == content[:4]


def test_a_missing_package_says_how_to_install_it(cache, monkeypatch):
    _install(monkeypatch, None)
    with pytest.raises(TaskError, match=r"pip install --no-deps seglearn==1\.2\.5"):
        read_recordings()


def test_a_package_without_its_file_says_how_to_repair_it(cache, monkeypatch, tmp_path):
    _install(monkeypatch, tmp_path / "__init__.py")
    with pytest.raises(TaskError, match="force-reinstall"):
        read_recordings()


def test_a_file_with_another_hash_is_never_unpickled(cache, monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "watch_dataset.npy", np.array([{"X": []}], dtype=object), allow_pickle=True)
    _install(monkeypatch, tmp_path / "__init__.py")
    monkeypatch.setattr(watch_source.np, "load", lambda *_, **__: pytest.fail("opened a file of unknown hash"))
    monkeypatch.setattr(watch_source, "_read_converted", lambda path: None)
    with pytest.raises(TaskError, match="expected eb122f23"):
        read_recordings()


def test_finding_the_file_does_not_import_the_package():
    code = (
        "import sys; from protran.tasks.watch_source import package_file; package_file(); "
        "print('seglearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
