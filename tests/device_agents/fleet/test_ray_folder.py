import os

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet import ray_folder
from device_agents.fleet.ray_folder import fresh_ray_folder, purpose_lock

RAYS_PART_BYTES = 80
SOCKET_PATH_BYTES = 107


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.setattr(ray_folder, "_ROOT", tmp_path)
    return tmp_path


def test_the_folder_is_short_enough_for_rays_sockets():
    folder = fresh_ray_folder("a purpose " * 50)
    try:
        assert len(os.fsencode(folder)) + len("/r") + RAYS_PART_BYTES <= SOCKET_PATH_BYTES
    finally:
        folder.rmdir()


def test_the_folder_is_private(root):
    assert fresh_ray_folder("x").stat().st_mode & 0o777 == 0o700


def test_a_purpose_has_one_folder_and_others_have_another(root):
    assert fresh_ray_folder("x") == fresh_ray_folder("x") != fresh_ray_folder("y")


def test_a_purpose_has_one_lock_beside_its_folder_whatever_the_environment_says(root, monkeypatch):
    lock = purpose_lock("x")
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert purpose_lock("x") == lock != purpose_lock("y")
    assert lock.parent == fresh_ray_folder("x").parent and lock != fresh_ray_folder("x")


def test_what_an_earlier_process_left_is_gone(root):
    (fresh_ray_folder("x") / "old").mkdir()
    assert list(fresh_ray_folder("x").iterdir()) == []


def test_a_link_that_somebody_made_in_its_place_is_refused_and_not_followed(root):
    folder = fresh_ray_folder("x")
    folder.rmdir()
    target = root / "target"
    target.mkdir()
    (target / "file").touch()
    folder.symlink_to(target)
    with pytest.raises(DeviceError, match="belongs to somebody else"):
        fresh_ray_folder("x")
    assert (target / "file").exists()


def test_the_folder_of_another_user_is_refused(root, monkeypatch):
    me = os.getuid()
    folder = fresh_ray_folder("x")
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    folder.rename(root / folder.name.replace(f"-{me}-", f"-{me + 1}-"))
    with pytest.raises(DeviceError, match="belongs to somebody else"):
        fresh_ray_folder("x")


def test_a_folder_that_cannot_be_made_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(ray_folder, "_ROOT", tmp_path / "file")
    with pytest.raises(DeviceError, match="cannot make"):
        fresh_ray_folder("x")
