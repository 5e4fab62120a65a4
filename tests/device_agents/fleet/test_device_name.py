from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import DeviceError
from device_agents.fleet.device_name import check_device_name


@pytest.mark.parametrize("name", ["a", "rpi4", "jetson-nano.2", "_x_", "A" * 63])
def test_names_of_letters_digits_dots_dashes_and_underscores_are_good(name):
    assert check_device_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", "a-", ".a", "a/b", "a b", "a\n", "é", "a:b", "A" * 64, None, 3, ["a"]]
)
def test_other_names_are_refused(name):
    with pytest.raises(DeviceError, match="expected a device name"):
        check_device_name(name)


def test_the_name_of_the_controllers_own_machine_is_taken():
    with pytest.raises(DeviceError, match="the controller's own machine"):
        check_device_name("local")


@given(st.text(max_size=70))
def test_a_good_name_is_one_harmless_part_of_a_path(name):
    try:
        check_device_name(name)
    except DeviceError:
        return
    assert PurePosixPath("/folder", name).parts == ("/", "folder", name)
    assert name.isascii() and not name.startswith("-")
