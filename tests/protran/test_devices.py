from __future__ import annotations

import pytest

from protran.devices import check_device_name, check_known, simulated_among
from protran.errors import InputError


@pytest.mark.parametrize("name", ["local", "jetson", "sim:rpi4"])
def test_plain_names_and_those_of_simulated_devices_are_names(name: str) -> None:
    assert check_device_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [("a:b", "a device's name must be"), ("", "a device's name must be"), ("sim:xyz", "must be one of sim:rpi4")],
)
def test_other_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_device_name(name)


def test_only_this_machine_and_simulated_devices_can_be_measured_on() -> None:
    check_known(["local", "sim:a100"])
    with pytest.raises(InputError, match=r"device 'pi' is not known; .* simulates devices such as sim:rpi4"):
        check_known(["local", "pi"])


def test_simulated_devices_are_found_among_others() -> None:
    assert simulated_among(["sim:rpi4", "local", "sim:a100"]) == ["sim:rpi4", "sim:a100"]
