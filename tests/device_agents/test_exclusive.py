import os
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from device_agents.clock import ManualClock
from device_agents.exclusive import POLL_S, ExclusiveUse
from device_agents.isolation import FailureKind, JobFailed

HOLDER = """
import sys
from pathlib import Path
from device_agents.exclusive import ExclusiveUse
with ExclusiveUse('board', folder=Path(sys.argv[1])).held(1.0):
    print('held', flush=True)
    sys.stdin.read()
"""


class ReleasingClock(ManualClock):
    """A clock on which, after so many polls, whatever holds the device ends."""

    def __init__(self, polls, release):
        super().__init__()
        self.polls, self.release = polls, release

    def sleep(self, duration_s):
        super().sleep(duration_s)
        self.polls -= 1
        if self.polls == 0:
            self.release()


def hold(folder, *, identity="board", clock=None):
    return ExclusiveUse(identity, folder=folder, clock=clock or ManualClock()).held(10.0)


def test_who_comes_second_waits_until_the_first_has_ended(tmp_path):
    with ExitStack() as first:
        first.enter_context(hold(tmp_path))
        clock = ReleasingClock(3, first.close)
        with hold(tmp_path, clock=clock):
            assert clock.wall_s() == pytest.approx(3 * POLL_S)


def test_who_waits_for_too_long_is_lost_with_one_sentence(tmp_path):
    clock = ManualClock()
    with hold(tmp_path), pytest.raises(JobFailed, match=r"still in use by another agent after 10 s; wait") as raised:  # noqa: SIM117
        with hold(tmp_path, clock=clock):
            pytest.fail("both hold it")
    assert raised.value.kind is FailureKind.LOST
    assert clock.wall_s() == pytest.approx(10.0, abs=2 * POLL_S)


def test_a_device_is_free_again_though_what_was_done_with_it_failed(tmp_path):
    with pytest.raises(ZeroDivisionError), hold(tmp_path):
        raise ZeroDivisionError
    with hold(tmp_path):
        pass


def test_two_devices_are_used_at_once(tmp_path):
    with hold(tmp_path, identity="one"), hold(tmp_path, identity="another"):
        assert len(list(tmp_path.iterdir())) == 2


def test_threads_take_turns(tmp_path):
    inside, most = [], []

    def measure():
        with ExclusiveUse("board", folder=tmp_path).held(30.0):
            inside.append(None)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=measure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 4


def test_a_device_is_free_when_the_process_that_held_it_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(JobFailed), hold(tmp_path):
            pytest.fail("both hold it")
        holder.kill()
    with hold(tmp_path):
        pass


def test_what_the_holder_starts_does_not_hold_it(tmp_path):
    with hold(tmp_path):
        child = subprocess.Popen(
            [sys.executable, "-c", "print('up', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
    try:
        assert child.stdout.readline() == b"up\n"
        with hold(tmp_path):
            pass
    finally:
        child.communicate(b"\n", timeout=30)


def test_every_user_may_lock_the_file_whatever_the_umask_is(tmp_path):
    before = os.umask(0o077)
    try:
        use = ExclusiveUse("board", folder=tmp_path)
        with use.held(1.0):
            assert use.path.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_the_identity_of_a_device_leads_nowhere(tmp_path):
    assert ExclusiveUse("../../etc/passwd", folder=tmp_path).path.parent == tmp_path


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_left_alone_and_work_goes_on_without_a_lock(tmp_path, kind):
    use = ExclusiveUse("board", folder=tmp_path)
    make = {
        "link": lambda: use.path.symlink_to(tmp_path / "target"),
        "folder": use.path.mkdir,
        "pipe": lambda: os.mkfifo(use.path),
    }
    make[kind]()
    with use.held(1.0), use.held(1.0):
        assert use.obstacle.startswith(f"other agents are not kept off: cannot open {use.path}")
    assert not (tmp_path / "target").exists()


def test_a_folder_that_is_not_there_is_an_obstacle_until_it_is(tmp_path):
    use = ExclusiveUse("board", folder=tmp_path / "gone")
    with use.held(1.0):
        assert "No such file or directory" in use.obstacle
    (tmp_path / "gone").mkdir()
    with use.held(1.0):
        assert use.obstacle == ""


def test_a_file_system_without_locks_is_an_obstacle(tmp_path, monkeypatch):
    def unsupported(handle, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("device_agents.exclusive.fcntl.flock", unsupported)
    use = ExclusiveUse("board", folder=tmp_path)
    with use.held(1.0):
        assert "cannot lock" in use.obstacle


def test_two_that_make_the_file_at_once_lock_the_same_one(tmp_path, monkeypatch):
    real, use = os.open, ExclusiveUse("board", folder=tmp_path)

    def raced(path, flags, *mode):
        if flags & os.O_CREAT and not use.path.exists():
            os.close(real(use.path, os.O_WRONLY | os.O_CREAT, 0o666))  # the other one was faster
        return real(path, flags, *mode)

    monkeypatch.setattr("device_agents.exclusive.os.open", raced)
    with use.held(1.0), pytest.raises(JobFailed), hold(tmp_path):
        pytest.fail("both hold it")
    assert use.obstacle == ""
