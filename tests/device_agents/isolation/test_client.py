import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from device_agents.errors import DeviceError
from device_agents.isolation import FailureKind, JobFailed, Limits, WarmProcess

HERE = str(Path(__file__).parent)
ENVIRONMENT = {"PYTHONPATH": HERE}


@pytest.fixture(scope="module")
def shared_warm():
    with WarmProcess("odd_entry", env=ENVIRONMENT) as process:
        yield process


@pytest.fixture
def warm(shared_warm):
    """The module's process; whatever a test does to it, the next call must work and no child may be left."""
    yield shared_warm
    assert shared_warm.call({"do": "echo", "value": 7}) == {"echo": 7}
    assert psutil.Process(shared_warm.server_pid).children(recursive=True) == []


def failure_of(warm, payload, limits=None):
    with pytest.raises(JobFailed) as caught:
        warm.call(payload, limits)
    reason = caught.value.reason
    assert reason and "\n" not in reason and "Traceback" not in reason
    return caught.value


def wait_until(condition, time_s=20.0):
    deadline_s = time.monotonic() + time_s
    while not condition():
        assert time.monotonic() < deadline_s, "what was waited for did not come"
        time.sleep(0.02)


def gone(pid):
    """True where no such process runs; a zombie that an outsider has yet to reap counts as gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_each_call_runs_in_a_fresh_child_of_one_warm_server(warm):
    first, second = warm.call({"do": "pids"}), warm.call({"do": "pids"})
    assert first["own"] != second["own"]
    assert first["server"] == second["server"] == warm.server_pid
    assert first["warmed_in"] == second["warmed_in"] == [warm.server_pid]


def test_an_exception_is_an_error_with_its_type_and_message_on_one_line(warm):
    failure = failure_of(warm, {"do": "raise"})
    assert failure.kind is FailureKind.ERROR
    assert failure.reason == "ValueError: a value that is bad"
    assert "do_raise" in failure.detail


def test_a_system_exit_is_an_error(warm):
    assert failure_of(warm, {"do": "exit"}).kind is FailureKind.ERROR


def test_a_segmentation_fault_is_a_crash_that_names_the_signal(warm):
    failure = failure_of(warm, {"do": "segfault"})
    assert failure.kind is FailureKind.CRASHED
    assert "SIGSEGV" in failure.reason


def test_an_exit_of_its_own_is_a_crash_that_names_the_exit_code(warm):
    failure = failure_of(warm, {"do": "leave"})
    assert failure.kind is FailureKind.CRASHED
    assert "exit code 3" in failure.reason


def test_a_hang_is_killed_at_its_time_limit(warm):
    failure = failure_of(warm, {"do": "sleep", "time_s": 3600}, Limits(time_s=0.3))
    assert failure.kind is FailureKind.TIMED_OUT
    assert "0.3 s" in failure.reason


def test_a_hang_that_closed_its_pipes_and_ignores_signals_is_killed_too(warm):
    failure = failure_of(warm, {"do": "sleep_deaf"}, Limits(time_s=0.3))
    assert failure.kind is FailureKind.TIMED_OUT


def test_too_much_memory_is_a_clean_failure_that_names_the_limit(warm):
    failure = failure_of(warm, {"do": "allocate", "bytes": 10**9}, Limits(memory_bytes=200_000_000))
    assert failure.kind is FailureKind.OUT_OF_MEMORY
    assert "200 MB" in failure.reason


def test_the_memory_limit_counts_from_what_the_runtime_already_has(warm):
    result = warm.call({"do": "allocate", "bytes": 50_000_000}, Limits(memory_bytes=100_000_000))
    assert result == {"length": 50_000_000}


def test_an_abort_for_lack_of_memory_in_native_code_is_out_of_memory(warm):
    failure = failure_of(warm, {"do": "abort_for_memory"}, Limits(memory_bytes=200_000_000))
    assert failure.kind is FailureKind.OUT_OF_MEMORY


def test_prints_on_every_output_do_not_disturb_the_protocol(warm):
    assert warm.call({"do": "print"}) == {"printed": True}


def test_a_result_of_megabytes_arrives_whole(warm):
    assert len(warm.call({"do": "big_result", "bytes": 5_000_000})["text"]) == 5_000_000


def test_a_payload_of_megabytes_arrives_whole(warm):
    assert len(warm.call({"do": "echo", "value": "y" * 5_000_000})["echo"]) == 5_000_000


def test_a_result_beyond_every_measure_is_an_error(warm):
    failure = failure_of(warm, {"do": "big_result", "bytes": 40_000_000})
    assert failure.kind is FailureKind.ERROR
    assert "at most" in failure.reason


@pytest.mark.parametrize("what", ["not_json", "nan", "list"])
def test_a_result_that_is_not_a_json_object_is_an_error(warm, what):
    assert failure_of(warm, {"do": what}).kind is FailureKind.ERROR


def test_a_payload_that_is_not_json_is_refused_before_it_is_sent(warm):
    with pytest.raises(ValueError):
        warm.call({"do": "echo", "value": float("inf")})


def test_what_a_job_starts_ends_with_the_job(warm):
    left_behind = warm.call({"do": "leave_process_behind"})["pid"]
    wait_until(lambda: gone(left_behind))


def test_a_server_killed_between_calls_is_started_anew_by_the_next_call(warm):
    before = warm.call({"do": "pids"})["server"]
    os.kill(before, signal.SIGKILL)
    assert warm.call({"do": "pids"})["server"] != before


def test_a_server_killed_during_a_call_is_a_lost_job_and_takes_the_child_with_it(warm):
    failure = failure_of(warm, {"do": "kill_server"})
    assert failure.kind is FailureKind.LOST
    assert "SIGKILL" in failure.reason


def test_files_of_the_folder_where_it_starts_do_not_shadow_the_library(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    with WarmProcess("odd_entry", env={**ENVIRONMENT, "PYTHONSAFEPATH": ""}) as warm:  # as Python 3.10 would do
        assert warm.call({"do": "echo", "value": 1}) == {"echo": 1}


def test_the_environment_is_set_for_honest_timings_and_holds_no_fleet_secret(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with WarmProcess("odd_entry", env={**ENVIRONMENT, "EXTRA": "1"}) as process:
        environment = process.call({"do": "environment"})["environment"]
    assert "RAY_AUTH_TOKEN" not in environment
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["EXTRA"] == "1"


def test_an_entry_that_fails_at_import_is_named_with_its_error():
    with WarmProcess("broken_entry", env=ENVIRONMENT) as process:
        failure = failure_of(process, {})
        assert failure.kind is FailureKind.ERROR
        assert "broken_entry" in failure.reason and "no luck today" in failure.reason
        assert failure_of(process, {}).reason == failure.reason


def test_an_interpreter_that_does_not_exist_is_named():
    failure = failure_of(WarmProcess("odd_entry", python="/nowhere/python"), {})
    assert failure.kind is FailureKind.LOST
    assert "/nowhere/python" in failure.reason


def test_an_interpreter_that_is_none_is_a_lost_job_with_its_exit_code():
    failure = failure_of(WarmProcess("odd_entry", python="/bin/false"), {})
    assert failure.kind is FailureKind.LOST
    assert "exit code 1" in failure.reason


def test_close_ends_the_server_may_be_called_twice_and_leaves_no_zombie():
    process = WarmProcess("odd_entry", env=ENVIRONMENT)
    process.call({"do": "echo", "value": 1})
    pid = process.server_pid
    process.close()
    process.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(DeviceError, match="closed"):
        process.call({"do": "echo", "value": 1})


def test_close_from_another_thread_ends_a_running_call():
    process = WarmProcess("odd_entry", env=ENVIRONMENT)
    process.call({"do": "echo", "value": 1})
    pid = process.server_pid
    failures = []

    def hang():
        with contextlib.suppress(JobFailed):
            process.call({"do": "sleep", "time_s": 3600})
            failures.append("the call returned")

    caller = threading.Thread(target=hang)
    caller.start()
    wait_until(lambda: psutil.Process(pid).children())
    child = psutil.Process(pid).children()[0].pid
    process.close()
    caller.join()
    assert failures == []
    wait_until(lambda: gone(child))


def test_start_begins_to_warm_without_waiting():
    with WarmProcess("odd_entry", env=ENVIRONMENT) as process:
        assert process.server_pid is None
        process.start()
        pid = process.server_pid
        assert process.call({"do": "pids"})["server"] == pid


DRIVER = """
    import sys, threading
    from device_agents.isolation import Limits, WarmProcess
    process = WarmProcess("odd_entry", env={"PYTHONPATH": sys.argv[1]})
    # Started by a thread that ends: the server must not mind.
    starter = threading.Thread(target=process.call, args=({"do": "echo", "value": 1},))
    starter.start()
    starter.join()
    print(process.call({"do": "pids"})["server"], flush=True)
    process.call({"do": "sleep", "time_s": 3600}, Limits(time_s=3600))
"""


def test_the_server_and_its_child_end_when_their_client_is_killed():
    driver = subprocess.Popen([sys.executable, "-c", textwrap.dedent(DRIVER), HERE], stdout=subprocess.PIPE, text=True)
    server = int(driver.stdout.readline())
    wait_until(lambda: psutil.Process(server).children())
    child = psutil.Process(server).children()[0].pid
    driver.kill()
    driver.wait()
    driver.stdout.close()
    wait_until(lambda: gone(server) and gone(child))


def test_the_client_loads_neither_torch_nor_the_entry():
    code = "import sys, json, device_agents.isolation; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "numpy", "ray"}.isdisjoint(json.loads(done.stdout))


def test_a_forgotten_process_ends_with_its_owner_object():
    process = WarmProcess("odd_entry", env=ENVIRONMENT)
    process.call({"do": "echo", "value": 1})
    pid = process.server_pid
    del process
    gc.collect()
    wait_until(lambda: gone(pid))
