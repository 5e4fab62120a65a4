import pytest

from device_agents.enrolment.record import recall, remember
from device_agents.enrolment.removal import stop_device, withdraw
from device_agents.enrolment.ssh import Ssh
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

BOARD = SshTarget("pi", "board")


@pytest.fixture
def enrolled(device):
    """A device with a service and a token."""
    device.base.mkdir(parents=True)
    (device.base / "pi5.token").write_text("secret")
    unit = device.home / ".config/systemd/user/protran-device-pi5.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    return device


def test_the_service_is_stopped_and_the_token_is_gone(enrolled):
    assert stop_device(Ssh(BOARD), "pi5") is True
    assert enrolled.calls[0] == "systemctl --user disable --now protran-device-pi5.service"
    assert not (enrolled.base / "pi5.token").exists()
    assert not (enrolled.home / ".config/systemd/user/protran-device-pi5.service").exists()


def test_stopping_again_says_that_there_was_no_service(enrolled):
    stop_device(Ssh(BOARD), "pi5")
    assert stop_device(Ssh(BOARD), "pi5") is False


def test_a_service_that_does_not_stop_is_said_with_the_command(enrolled):
    enrolled.tool("systemctl", "#!/bin/sh\necho 'Access denied' >&2\nexit 4\n")
    with pytest.raises(DeviceError, match=r"Access denied.*systemctl disable --now"):
        stop_device(Ssh(BOARD), "pi5")


def test_a_name_cannot_become_a_path_or_a_command(enrolled):
    with pytest.raises(DeviceError, match="device name"):
        stop_device(Ssh(BOARD), "../../x; reboot")
    assert enrolled.read("arguments") == ""


def test_a_withdrawn_device_is_forgotten(enrolled, tmp_path):
    remember(tmp_path / "fleet", "pi5", BOARD)
    assert withdraw(tmp_path / "fleet", "pi5") is True
    assert recall(tmp_path / "fleet", "pi5") is None


def test_a_device_that_was_not_enrolled_over_ssh_is_left_alone(enrolled, tmp_path):
    assert withdraw(tmp_path / "fleet", "pi5") is False
    assert enrolled.read("arguments") == ""


def test_a_device_that_cannot_be_reached_stays_on_record(enrolled, tmp_path):
    remember(tmp_path / "fleet", "pi5", BOARD)
    enrolled.set("refusal", "Connection refused\n")
    with pytest.raises(DeviceError, match="cannot connect"):
        withdraw(tmp_path / "fleet", "pi5")
    assert recall(tmp_path / "fleet", "pi5") == BOARD
