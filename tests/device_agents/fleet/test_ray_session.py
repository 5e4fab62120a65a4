import os
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

from device_agents.fleet import ray_session


def test_the_token_is_readable_by_its_owner_only_and_stays_out_of_the_environment(tmp_path):
    settings = ray_session._settings(tmp_path)
    token = tmp_path / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert settings["RAY_AUTH_MODE"] == "token"
    assert settings["RAY_AUTH_TOKEN_PATH"] == str(token)
    assert len(token.read_text()) == 64
    assert token.read_text() not in settings.values()


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


@pytest.fixture
def sigterm():
    """Puts the handler of SIGTERM back afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def as_ray_does():
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))


def test_sigterm_is_an_interrupt_within_the_session_and_what_it_was_after_it(sigterm):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with ray_session._sigterm() as obey:
        as_ray_does()
        obey()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_program_that_has_a_handler_for_sigterm_keeps_it(sigterm):
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    with ray_session._sigterm() as obey:
        as_ray_does()
        obey()
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGTERM, signal.SIGTERM]


def test_a_session_that_does_not_start_leaves_the_handler_of_sigterm_as_it_was(sigterm):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with pytest.raises(RuntimeError), ray_session._sigterm():
        as_ray_does()
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_session_of_another_thread_leaves_the_handler_of_sigterm_alone():
    before, errors = signal.getsignal(signal.SIGTERM), []

    def session():
        try:
            with ray_session._sigterm() as obey:
                obey()
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=session)
    thread.start()
    thread.join()
    assert errors == []
    assert signal.getsignal(signal.SIGTERM) is before
