"""What holds for Ray alone; the contract of all dispatchers is in tests/contracts."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

from device_agents.agent import CALIBRATION_LIMITS
from device_agents.errors import DeviceError
from device_agents.fleet import ray_session
from device_agents.fleet.base import Limits, ProfileJob, TaskJob
from device_agents.isolation.server_process import START_S
from device_agents.measurement import MeasurementStatus

pytestmark = pytest.mark.ray

MARK = "PROTRAN_TEST_MARK"
GONE_S = 30.0
RAYS_AGENTS = {"ray::DashboardAgent", "ray::RuntimeEnvAgent"}
SOCKET_BYTES = 107
SEVEN_DIGITS = 7


@pytest.fixture
def open_ray(suite_ray):
    """Opens dispatchers on the suite's Ray and closes them."""
    from device_agents.fleet.ray import RayDispatcher

    opened = []

    def open_one(**options):
        dispatcher = RayDispatcher(
            **{"device_name": "second", "agent_factory": "fake_agent:FakeAgent", "train_slots": 1, **options}
        )
        opened.append(dispatcher)
        return dispatcher

    yield open_one
    for dispatcher in opened:
        dispatcher.close()


def profile(repeat, **limits):
    import fake_agent

    return ProfileJob(fake_agent.request(int(repeat)), Limits(**limits))


def test_an_agent_whose_process_dies_or_hangs_costs_one_job_and_is_replaced(open_ray):
    from fake_agent import Behaviour

    dispatcher = open_ray(grace_s=2.0)
    for repeat in (Behaviour.DIE, 1, Behaviour.HANG, 2):
        dispatcher.submit(profile(repeat, time_s=10.0 if repeat < 10 else 0.5))
    died, first, hung, second = (dispatcher.next_result(60.0) for _ in range(4))
    assert died.lost and hung.lost and not first.lost
    assert died.failure.startswith("lost") and "\n" not in died.failure
    assert "no answer" in hung.failure
    assert first.measurement.status is second.measurement.status is MeasurementStatus.OK
    assert dispatcher.pending() == 0


def test_workers_run_at_the_priority_of_their_controller(open_ray):
    (device,) = open_ray().devices()
    assert device.facts["nice"] == os.nice(0)


def test_options_reach_the_agent_as_json(open_ray):
    (device,) = open_ray(agent_options={"reference_latency_s": 0.25}).devices()
    assert device.facts["reference_latency_s"] == 0.25


def test_a_result_that_is_not_there_in_time_is_none_and_comes_later(open_ray):
    dispatcher = open_ray()
    dispatcher.submit(TaskJob("t", "fake_task", {"time_s": 0.5, "value": 3}))
    assert dispatcher.next_result(0.0) is None
    assert dispatcher.pending() == 1
    assert dispatcher.next_result(60.0).result["answer"] == 3


def test_a_device_is_busy_while_it_profiles(open_ray):
    from fake_agent import Behaviour

    dispatcher = open_ray(grace_s=1.0)
    dispatcher.submit(profile(Behaviour.HANG, time_s=1.0))
    assert dispatcher.next_result(0.0) is None
    assert [device.state for device in dispatcher.devices()] == ["busy"]


def test_a_device_name_that_the_running_ray_does_not_know_is_refused(open_ray):
    with pytest.raises(DeviceError, match="device:elsewhere"):
        open_ray(device_name="elsewhere")


def test_the_grace_covers_a_start_of_the_runner_and_both_calibrations_that_a_profile_may_need():
    from device_agents.fleet.ray import GRACE_S

    assert START_S + 2 * CALIBRATION_LIMITS.time_s < GRACE_S


def marked(mark):
    """Returns the living processes that inherited the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def start_driver(tmp_path):
    """Starts driver.py and returns it, with its mark, once it holds a Ray with a running task."""
    drivers = []

    def start(how):
        mark = uuid.uuid4().hex
        ray_free = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        errors = (tmp_path / "errors").open("w")
        driver = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "driver.py"), how],
            env={**ray_free, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        errors.close()
        drivers.append((driver, mark))
        return driver, mark, driver.stdout.readline()

    yield start
    for driver, mark in drivers:
        driver.kill()
        driver.wait()
        driver.stdin.close()
        driver.stdout.close()
        for process in marked(mark):
            process.kill()


@pytest.mark.slow
def test_no_process_survives_a_controller_that_is_killed_for_longer_than_30_s(start_driver):
    driver, mark, line = start_driver("hang")
    assert line == "1\n"
    family = psutil.Process(driver.pid).children(recursive=True)  # Ray's agents hide the mark: they overwrite it
    names = {process: process.name() for process in family}
    assert {"gcs_server", "raylet", *RAYS_AGENTS} <= set(names.values())
    assert any("isolation.server" in " ".join(process.cmdline()) for process in marked(mark))
    (folder,) = Path("/tmp").glob(f"protran-ray-{driver.pid}-*")
    driver.kill()
    driver.wait()
    _, left = psutil.wait_procs(family, timeout=GONE_S)
    assert [names[process] for process in left] == []
    assert [process.name() for process in marked(mark)] == []
    assert not folder.exists()


@pytest.mark.slow
def test_sigterm_ends_a_session_whose_files_nobody_else_could_reach_as_an_interrupt_would(start_driver, tmp_path):
    driver, mark, line = start_driver("wait")
    assert line == "1\n"
    (folder,) = Path("/tmp").glob(f"protran-ray-{driver.pid}-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    sockets = sorted(path for path in folder.rglob("*") if path.is_socket())
    assert [path.name for path in sockets] == ["plasma_store", "raylet"]
    assert {path.relative_to(folder).parts[0] for path in sockets} == {ray_session._OF_RAY}
    longer = 2 * (SEVEN_DIGITS - len(str(driver.pid)))
    assert max(len(str(path)) for path in sockets) + longer + ray_session._LONGEST_ROOT - len("/tmp") <= SOCKET_BYTES
    driver.terminate()
    assert driver.wait(60.0) == 130
    assert (tmp_path / "errors").read_text() == ""
    assert [process.name() for process in marked(mark)] == []
    assert not folder.exists()


@pytest.mark.slow
def test_sessions_one_after_another_leave_no_process_no_file_and_no_word_on_the_terminal(start_driver, tmp_path):
    driver, mark, line = start_driver("close")
    assert line == "1\n"
    deadline_s = time.monotonic() + 5.0
    while (left := [process.pid for process in marked(mark)]) != [driver.pid] and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert left == [driver.pid]
    assert list(Path("/tmp").glob(f"protran-ray-{driver.pid}-*")) == []
    rest, _ = driver.communicate("")
    assert rest == ""
    assert (tmp_path / "errors").read_text() == ""
    assert driver.returncode == 0
