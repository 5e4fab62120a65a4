import os
import subprocess
import sys
import tempfile

from device_agents.fleet import ray_session


def test_the_token_is_readable_by_its_owner_only_and_stays_out_of_the_environment(tmp_path):
    settings = ray_session._settings(tmp_path)
    token = tmp_path / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert settings["RAY_AUTH_MODE"] == "token"
    assert settings["RAY_AUTH_TOKEN_PATH"] == str(token)
    assert len(token.read_text()) == 64
    assert token.read_text() not in settings.values()


def test_the_environment_is_as_before_afterwards(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "of the user")
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    with ray_session._environment({"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}):
        assert os.environ["RAY_AUTH_MODE"] == "token"
    assert os.environ["RAY_AUTH_MODE"] == "of the user"
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


def test_the_folder_is_private_and_goes_with_its_session(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_session, "_LONGEST_ROOT", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ray_session._private_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_folders_of_killed_owners_are_swept_and_those_of_the_living_are_not(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"protran-ray-{ended.pid}-a", f"protran-ray-{os.getpid()}-b", "protran-ray-odd", "something-else"]
    for name in names:
        (tmp_path / name).mkdir()
    ray_session._sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
