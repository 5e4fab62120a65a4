import contextlib
import os
import signal
import threading
import time

import psutil
import pytest

from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError, RequestError
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.proxy.ssh_runner import SshRunner, server_command

BOARD = SshTarget("pi", "board")


@pytest.fixture
def runner(board, python, packages):
    with SshRunner(BOARD, "odd_entry", python=python, python_path=packages) as runner:
        yield runner


def failure_of(runner, payload, limits=None):
    with pytest.raises(JobFailed) as caught:
        runner.call(payload, limits)
    assert "\n" not in caught.value.reason
    return caught.value


def wait_until(condition, time_s=20.0):
    deadline_s = time.monotonic() + time_s
    while not condition():
        assert time.monotonic() < deadline_s, "what was waited for did not come"
        time.sleep(0.02)


def gone(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_jobs_run_in_children_of_one_server_there(runner, board):
    first, second = runner.call({"do": "pids"}), runner.call({"do": "pids"})
    assert first["own"] != second["own"]
    assert first["server"] == second["server"]
    assert board.read("arguments").splitlines().count("--") == 1


def test_a_long_payload_and_a_long_answer_arrive_whole(runner):
    assert len(runner.call({"do": "echo", "value": "y" * 2_000_000})["echo"]) == 2_000_000


def test_what_a_job_prints_does_not_disturb_the_answers(runner):
    assert runner.call({"do": "print"}) == {"printed": True}
    assert runner.call({"do": "echo", "value": 1}) == {"echo": 1}


def test_the_time_limit_is_kept_there(runner):
    failure = failure_of(runner, {"do": "sleep", "time_s": 3600}, Limits(time_s=0.3))
    assert failure.kind is FailureKind.TIMED_OUT
    assert runner.call({"do": "echo", "value": 1}) == {"echo": 1}


def test_the_memory_limit_is_kept_there(runner):
    failure = failure_of(runner, {"do": "allocate", "bytes": 10**9}, Limits(memory_bytes=200_000_000))
    assert failure.kind is FailureKind.OUT_OF_MEMORY


def test_the_environment_there_is_set_for_honest_timings_and_holds_no_secret(board, python, packages, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    with SshRunner(BOARD, "odd_entry", python=python, python_path=packages) as runner:
        environment = runner.call({"do": "environment"})["environment"]
    assert "RAY_AUTH_TOKEN" not in environment
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "secret" not in board.read("arguments")


def test_a_link_that_breaks_during_a_job_is_a_lost_job_that_ends_there_and_the_next_call_connects_anew(runner):
    server = runner.call({"do": "pids"})["server"]
    failures = []
    caller = threading.Thread(target=lambda: failures.append(failure_of(runner, {"do": "sleep", "time_s": 3600})))
    caller.start()
    wait_until(lambda: psutil.Process(server).children())
    job = psutil.Process(server).children()[0].pid
    os.kill(server, signal.SIGKILL)  # the fake ssh program became the server
    caller.join()
    assert failures[0].kind is FailureKind.LOST
    assert "on pi@board" in failures[0].reason
    wait_until(lambda: gone(job))
    assert runner.call({"do": "pids"})["server"] != server


def test_a_link_that_broke_between_two_calls_is_made_anew_unseen(runner):
    server = runner.call({"do": "pids"})["server"]
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: gone(server))
    assert runner.call({"do": "echo", "value": 1}) == {"echo": 1}


def test_a_board_that_cannot_be_reached_is_lost_and_says_what_to_do(runner, board):
    board.set("refusal", "ssh: connect to host board port 22: Connection refused\n")
    failure = failure_of(runner, {"do": "echo", "value": 1})
    assert failure.kind is FailureKind.LOST
    assert failure.reason.startswith("lost: cannot connect to pi@board")
    assert "start its ssh server" in failure.reason
    (board.root / "refusal").unlink()
    assert runner.call({"do": "echo", "value": 1}) == {"echo": 1}


def test_an_interpreter_that_the_board_does_not_have_is_named(board):
    with SshRunner(BOARD, "odd_entry", python="/nowhere/python") as runner:
        failure = failure_of(runner, {})
    assert failure.kind is FailureKind.LOST
    assert "/nowhere/python" in failure.reason and "on pi@board" in failure.reason


def test_an_entry_that_lacks_a_library_there_is_named_with_its_error(board, python, packages):
    with SshRunner(BOARD, "broken_entry", python=python, python_path=packages) as runner:
        failure = failure_of(runner, {})
    assert failure.kind is FailureKind.ERROR
    assert "no luck today" in failure.reason


def test_a_machine_without_ssh_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with SshRunner(BOARD, "odd_entry") as runner:
        assert "cannot start the program 'ssh'" in failure_of(runner, {}).reason


def test_close_ends_the_server_there(board, python, packages):
    runner = SshRunner(BOARD, "odd_entry", python=python, python_path=packages)
    server = runner.call({"do": "pids"})["server"]
    runner.close()
    runner.close()
    wait_until(lambda: gone(server))
    with pytest.raises(DeviceError, match="closed"):
        runner.call({"do": "echo", "value": 1})


@pytest.mark.parametrize("python", ["-c", "python3; reboot", "$(reboot)", "python 3", "", "~pi/python", "a`b`"])
def test_an_interpreter_that_could_be_a_command_is_refused(python):
    with pytest.raises(RequestError, match=r"Python 3\.10 or newer"):
        SshRunner(BOARD, "odd_entry", python=python)


def test_an_interpreter_may_lie_in_the_home_folder_and_our_packages_anywhere():
    command = server_command("~/.venv/bin/python", "an.entry", "/home/my pi/runner.zip")
    assert command.endswith(" ~/.venv/bin/python -m device_agents.isolation.server an.entry 0 1")
    assert "'PYTHONPATH=/home/my pi/runner.zip'" in command


def test_the_server_there_starts_where_no_file_can_shadow_the_library():
    assert server_command("python3", "an.entry").startswith("cd / && exec env ")


def test_an_entry_that_could_be_a_command_is_refused():
    with pytest.raises(RequestError, match="name of a module"):
        server_command("python3", "entry; reboot")
