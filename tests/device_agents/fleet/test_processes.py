import os
import signal
import sys

import psutil
import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.processes import ChildProcess, end_holders

SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = """
import subprocess, sys, time
holder = "import sys, time; file = open(sys.argv[1], 'w'); print('up', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, '-c', holder, sys.argv[1]], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path):
    folder = tmp_path / "only its own"
    folder.mkdir()
    started = []

    def run(*command):
        child = ChildProcess([sys.executable, "-c", *command], os.environ, tmp_path / "log", folder)
        started.append(child)
        return child

    yield run
    for child in started:
        child.end(0.0)


def first_line(child):
    while True:
        line, newline, _ = child.log.read_text().partition("\n")
        if newline:
            return line


def test_a_child_runs_until_it_is_asked_to_end(start):
    child = start(SLEEPER)
    assert child.alive()
    child.end(30.0)
    assert not child.alive()


def test_a_child_that_does_not_listen_is_killed(start):
    child = start(STUBBORN)
    first_line(child)
    child.end(0.01)
    assert not child.alive()


def test_what_a_child_started_elsewhere_ends_too_if_it_has_a_file_of_the_folder(start, tmp_path):
    child = start(PARENT, str(tmp_path / "only its own" / "file"))
    grandchild = psutil.Process(int(first_line(child)))
    child.end(0.0)
    assert psutil.wait_procs([grandchild], timeout=30)[1] == []


def test_a_program_that_uses_the_childs_ray_is_not_ended_with_it(start, tmp_path):
    child = start(PARENT, str(tmp_path / "only its own" / "python-core-driver-02_1.log"))
    user = psutil.Process(int(first_line(child)))
    child.end(0.0)
    assert user.is_running()
    user.kill()
    user.wait(30.0)


def test_a_child_is_in_a_session_of_its_own(start):
    assert os.getsid(start(SLEEPER).pid) != os.getsid(0)


def test_ending_twice_signals_nobody_the_second_time(start, monkeypatch):
    child = start(SLEEPER)
    child.end(30.0)
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("the number may be another process's by now"))
    child.end(30.0)


def test_the_environment_is_the_one_given_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    script = "import os; print(sorted(os.environ))"
    child = ChildProcess([sys.executable, "-I", "-c", script], {"A": "b"}, tmp_path / "log", tmp_path / "folder")
    assert "SECRET" not in first_line(child)
    child.end(30.0)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", "no output"),
        ("one\ntwo\n\n", "two"),
        ("one\nRuntimeError: broken\nbye\n", "RuntimeError: broken"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_the_last_words_are_the_last_line_that_tells_an_error_or_anything(start, output, expected):
    child = start("pass")
    child.end(30.0)
    child.log.write_text(output)
    assert child.last_words() == expected


def test_a_child_whose_log_is_gone_says_nothing(start):
    child = start(SLEEPER)
    child.log.unlink()
    assert child.last_words() == "no output"


def test_a_program_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DeviceError, match=r"cannot start /no/such/program \(No such file"):
        ChildProcess(["/no/such/program"], {}, tmp_path / "log", tmp_path)


def test_holders_of_files_elsewhere_are_left_alone(start, tmp_path):
    child = start(SLEEPER)
    end_holders(tmp_path / "another")
    assert child.alive()
    os.kill(child.pid, signal.SIGKILL)
