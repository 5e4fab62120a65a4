import subprocess
import sys

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.lock import locked

HOLDER = """
import sys
from pathlib import Path
from device_agents.fleet.lock import locked
with locked(Path(sys.argv[1]), 'taken'):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_two_cannot_hold_a_lock(tmp_path):
    with locked(tmp_path / "lock", "first"), pytest.raises(DeviceError, match=r"^somebody has it$"):  # noqa: SIM117
        with locked(tmp_path / "lock", "somebody has it"):
            pytest.fail("both hold it")


def test_a_lock_is_free_after_its_context_even_if_that_failed(tmp_path):
    with pytest.raises(ValueError), locked(tmp_path / "lock", "taken"):
        raise ValueError
    with locked(tmp_path / "lock", "taken"):
        pass


def test_a_lock_ends_with_the_process_that_held_it_whatever_ended_that(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DeviceError, match="taken"), locked(path, "taken"):
            pass
        holder.kill()
    with locked(path, "taken"):
        pass


def test_a_lock_does_not_go_on_to_child_processes(tmp_path):
    path = tmp_path / "lock"
    script = "print('up', flush=True); input()"
    with locked(path, "taken"):
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False
        )
    try:
        assert child.stdout.readline() == b"up\n"
        with locked(path, "taken"):
            pass
    finally:
        child.communicate(b"\n", timeout=30)


def test_a_link_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(DeviceError, match="cannot open"), locked(tmp_path / "lock", "taken"):
        pass
    assert not (tmp_path / "target").exists()
