import pytest

from device_agents.errors import DeviceError
from device_agents.simulated_devices import DEVICES, Work, is_simulated, simulated_device

ALL = [pytest.param(device, id=name) for name, device in DEVICES.items()]


@pytest.mark.parametrize("name", ["rpi4", "rpi5", "jetson-nano", "orin-nano", "phone", "a100"])
def test_the_usual_boards_a_phone_and_a_server_card_are_known(name):
    assert simulated_device(f"sim:{name}").name == name


@pytest.mark.parametrize("name", ["sim:xyz", "sim:", "rpi4"])
def test_an_unknown_device_is_one_sentence_with_those_that_there_are(name):
    with pytest.raises(DeviceError, match=rf"^a simulated device must be one of sim:rpi4, .*sim:a100; got '{name}'$"):
        simulated_device(name)


def test_the_prefix_alone_says_what_is_simulated():
    assert is_simulated("sim:xyz")
    assert not is_simulated("rpi4")


def test_identities_name_the_device_and_a_version_and_differ():
    identities = {device.identity for device in DEVICES.values()}
    assert len(identities) == len(DEVICES)
    assert all(identity.rpartition(":")[2].isdigit() and identity.startswith("sim:") for identity in identities)


@pytest.mark.parametrize("device", ALL)
def test_every_number_is_physically_possible(device):
    assert 0 < device.idle_power_w < device.full_power_w
    assert set(device.efficiency) == set(Work)
    assert all(0 < share <= 1 for share in device.efficiency.values())
    assert all(speed_up >= 1 for speed_up in device.speed_ups.values())
    assert 0 < device.hot_clock <= 1
    assert (device.throttles_after_s is None) == (device.hot_clock == 1)
