import pytest

from device_agents.enrolment.record import forget, recall, remember
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError


def test_a_device_is_found_where_it_was_enrolled_last(tmp_path):
    remember(tmp_path, "pi5", SshTarget("pi", "old"))
    remember(tmp_path, "pi5", SshTarget("pi", "fd00::5", 2222))
    assert recall(tmp_path, "pi5") == SshTarget("pi", "fd00::5", 2222)


def test_an_unknown_device_has_no_record(tmp_path):
    assert recall(tmp_path, "pi5") is None
    forget(tmp_path, "pi5")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"target": "-oX@y"}', '{"target": 3}'])
def test_a_damaged_record_is_named_and_never_becomes_a_command(tmp_path, text):
    remember(tmp_path, "pi5", SshTarget("pi", "board"))
    (tmp_path / "enrolled/pi5.json").write_text(text)
    with pytest.raises(DeviceError, match=r"enrolled/pi5\.json"):
        recall(tmp_path, "pi5")


def test_a_name_cannot_leave_the_folder(tmp_path):
    with pytest.raises(DeviceError):
        remember(tmp_path, "../pi5", SshTarget("pi", "board"))
