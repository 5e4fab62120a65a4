import stat

import pytest

from device_agents.clock import ManualClock
from device_agents.enrolment.enroll import READY_S, EnrolmentState, enroll, plan_lines, prepare
from device_agents.enrolment.ssh import Ssh
from device_agents.errors import DeviceError


@pytest.fixture
def said():
    return []


@pytest.fixture
def run(order, wheel, said):
    """Enrols the fake device; the fleet has it at the third question."""

    def run(is_ready=None, **changes):
        asked = order(**changes)
        answers = iter([None, None, "it passed its self-test"])
        return enroll(
            asked,
            Ssh(asked.target),
            wheel,
            is_ready=is_ready or (lambda: next(answers)),
            say=said.append,
            clock=ManualClock(),
        )

    return run


def test_a_machine_becomes_a_device(device, run, said):
    result = run()
    assert result.state is EnrolmentState.READY
    assert (device.base / "environment/bin/python").exists()
    assert (device.base / "protran-0.1.0-py3-none-any.whl").read_bytes() == b"wheel"
    assert "ExecStart=" in (device.home / ".config/systemd/user/protran-device-pi5.service").read_text()
    assert device.calls[-4:] == [
        "loginctl enable-linger",
        "systemctl --user daemon-reload",
        "systemctl --user enable protran-device-pi5.service",
        "systemctl --user restart protran-device-pi5.service",
    ]
    assert said[-1] == "pi5 is ready: it passed its self-test"
    assert all("\n" not in line for line in said)


def test_the_token_lies_there_in_a_file_of_the_user_alone_and_is_in_no_argument(device, run, order):
    run()
    file = device.base / "pi5.token"
    assert file.read_text() == f"{order().token}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(device.base.stat().st_mode) == 0o700
    assert order().token not in device.read("arguments") + device.read("environment") + device.read("calls")


def test_enrolling_again_mends_and_keeps_the_environment(device, run):
    run()
    (device.base / "pi5.token").unlink()
    run()
    assert device.calls.count("venv") == 1
    assert (device.base / "pi5.token").exists()
    assert device.calls[-1] == "systemctl --user restart protran-device-pi5.service"


def test_a_broken_environment_is_made_anew(device, run):
    run()
    (device.base / "environment/bin/python").write_text("#!/bin/sh\nexit 1\n")
    run()
    assert device.calls.count("venv") == 2


def test_without_systemd_the_command_to_run_is_said(device, run, said):
    device.set("systemd", "offline")
    result = run()
    assert result.state is EnrolmentState.TO_BE_STARTED
    assert result.join in said[-1]
    assert "device join 10.0.0.1:6377 --name pi5" in result.join


@pytest.mark.parametrize(
    ("obstacle", "message"),
    [
        ("unreachable", "reaches the controller at 10.0.0.1:6377.*firewall"),
        ("no-index", "pinned libraries.*ERROR: no index.*package index"),
        ("no-venv", r"python3.\d+-venv"),
    ],
)
def test_a_failed_step_is_one_sentence_with_what_to_do(device, run, obstacle, message):
    device.set(obstacle)
    with pytest.raises(DeviceError, match=message) as raised:
        run()
    assert "\n" not in str(raised.value)
    assert not (device.base / "pi5.token").exists()


def test_a_device_that_does_not_come_is_given_up_with_the_last_words_of_its_service(device, run):
    with pytest.raises(DeviceError, match=f"within {READY_S:g} s.*the token is not that of the fleet.*device list"):
        run(is_ready=lambda: None)


def test_the_result_is_json_without_the_secret(device, run, order):
    found = run().to_json()
    assert found["service"] == {"name": "protran-device-pi5.service", "scope": "user"}
    assert order().token not in str(found)


def test_looking_and_planning_change_nothing(device, order, wheel, said):
    asked = order()
    _, plan = prepare(asked, Ssh(asked.target), wheel, said.append)
    assert not list(device.home.iterdir())
    assert device.calls == []
    lines = list(plan_lines(asked, plan))
    assert asked.token not in "\n".join(lines)
    assert any(line.endswith("(reads the token, 65 bytes, from standard input)") for line in lines)
    assert any("systemctl --user restart" in line for line in lines)
