import os

import pytest
from fake_apple import FakeApple
from fake_sensors import PMIC, FakeNvml, battery, chip, rapl_package, write

from device_agents.clock import ManualClock
from device_agents.meters.discovery import discover
from device_agents.meters.reports import SensorState, energy_is_measurable
from device_agents.meters.spec import MeterKind


def found_in(root, word, modules=(), **fakes):
    return [item for item in discover(root, lambda name: name in modules, **fakes) if word in item.sensor]


def report(root, word, modules=(), **fakes):
    (found,) = found_in(root, word, modules, **fakes)
    return found


@pytest.fixture
def no_root_access(monkeypatch):
    """Makes access checks look at the mode alone, as they do for a user who is not root."""
    monkeypatch.setattr(os, "access", lambda path, mode: bool(os.stat(path).st_mode & 0o004))


def test_a_machine_without_any_sensor_says_so_for_each_kind(tmp_path):
    reports = discover(tmp_path, lambda name: False)
    assert [item.state for item in reports] == [SensorState.ABSENT] * 6
    assert not energy_is_measurable(reports)


def test_a_counter_that_only_root_may_read_comes_with_the_command_that_opens_it(tmp_path, clock, no_root_access):
    for number in (0, 1):
        rapl_package(tmp_path, clock, 10.0, number).path.chmod(0o400)
    found = report(tmp_path, "RAPL")
    assert found.state is SensorState.NO_ACCESS
    assert found.command == (
        "sudo chmod a+r /sys/class/powercap/intel-rapl:0/energy_uj /sys/class/powercap/intel-rapl:1/energy_uj"
    )


def test_a_counter_that_can_be_read_is_usable_and_names_its_packages(tmp_path, clock):
    rapl_package(tmp_path, clock, 10.0)
    found = report(tmp_path, "RAPL")
    assert (found.state, found.meter, found.command) == (SensorState.USABLE, MeterKind.RAPL, None)
    assert found.finding == "RAPL of the processor (package-0) can be read"
    assert energy_is_measurable([found])


def test_a_counter_that_holds_no_number_gives_no_figures(tmp_path, clock):
    write(rapl_package(tmp_path, clock, 10.0).path, "garbage")
    found = report(tmp_path, "RAPL")
    assert (found.state, found.meter) == (SensorState.NOT_SUPPORTED, None)
    assert "gives no figures" in found.finding
    assert "'garbage'" in found.finding


def test_a_power_chip_of_the_board_is_usable_by_its_rails(tmp_path):
    chip(tmp_path, "ina226", 3, power1_input=5_000_000)
    found = report(tmp_path, "hwmon")
    assert (found.state, found.meter) == (SensorState.USABLE, MeterKind.HWMON)
    assert found.finding == "hwmon rails ina226 1 (ina226) can be read"


def test_a_power_chip_that_is_closed_comes_with_its_command(tmp_path, no_root_access):
    (chip(tmp_path, "ina226", power1_input=5_000_000) / "power1_input").chmod(0o400)
    assert report(tmp_path, "hwmon").command == "sudo chmod a+r /sys/class/hwmon/hwmon0/power1_input"


def test_a_chip_that_only_knows_temperatures_is_no_power_sensor(tmp_path):
    chip(tmp_path, "coretemp", temp1_input=40_000)
    assert report(tmp_path, "hwmon").state is SensorState.ABSENT


def test_a_graphics_card_beside_the_board_is_told_and_not_used(tmp_path):
    chip(tmp_path, "ina226", 0, power1_input=5_000_000)
    chip(tmp_path, "amdgpu", 1, power1_average=30_000_000, power1_label="PPT")
    board, card = found_in(tmp_path, "hwmon")
    assert board.state is SensorState.USABLE
    assert card.state is SensorState.NOT_SUPPORTED
    assert "chip amdgpu (PPT) measures a part of the machine" in card.finding


def test_the_power_chip_of_a_raspberry_pi_5_is_usable_where_the_firmware_answers(tmp_path):
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0")
    write(tmp_path / "dev/vcio", "")
    assert report(tmp_path, "Raspberry", vcgencmd=lambda: PMIC).meter is MeterKind.RPI_PMIC
    assert report(tmp_path, "Raspberry", vcgencmd=lambda: "").state is SensorState.NOT_SUPPORTED


def test_a_raspberry_pi_5_whose_firmware_is_closed_comes_with_its_command(tmp_path, no_root_access):
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0")
    write(tmp_path / "dev/vcio", "")
    (tmp_path / "dev/vcio").chmod(0o660)
    found = report(tmp_path, "Raspberry")
    assert found.state is SensorState.NO_ACCESS
    assert found.command.startswith("sudo usermod -aG video")


def test_a_gpu_without_its_library_comes_with_the_install_command(tmp_path):
    write(tmp_path / "dev/nvidiactl", "")
    found = report(tmp_path, "NVML")
    assert found.state is SensorState.NOT_INSTALLED
    assert found.command == "pip install 'protran[gpu]'"


def test_a_gpu_with_its_library_is_usable_and_let_go(tmp_path):
    write(tmp_path / "proc/driver/nvidia/version", "")
    library = FakeNvml(ManualClock(), 70.0)
    assert report(tmp_path, "NVML", ("pynvml",), nvml=lambda: library).meter is MeterKind.NVML
    assert library.opened == 0


def test_a_gpu_whose_driver_tells_no_power_is_not_usable(tmp_path):
    write(tmp_path / "dev/nvidiactl", "")
    library = FakeNvml(ManualClock(), 70.0, counts=False, samples=False)
    found = report(tmp_path, "NVML", ("pynvml",), nvml=lambda: library)
    assert (found.state, found.meter) == (SensorState.NOT_SUPPORTED, None)
    assert "neither energy nor power" in found.finding


def test_a_mac_without_the_library_comes_with_the_install_command(tmp_path):
    found = report(tmp_path, "Apple", is_apple=lambda: True)
    assert (found.state, found.meter) == (SensorState.NOT_INSTALLED, None)
    assert found.command == "pip install 'protran[apple]'"


def test_another_machine_is_not_asked_for_the_library_of_a_mac(tmp_path):
    found = report(tmp_path, "Apple", ("zeus_apple_silicon",), is_apple=lambda: False)
    assert (found.state, found.command) == (SensorState.ABSENT, None)
    assert found.finding == "this is not a Mac with an Apple processor"


def test_a_mac_with_the_library_is_usable_and_says_which_parts_are_told(tmp_path):
    library = FakeApple(ManualClock(), cpu_total_mj=3.0, dram_mj=1.0)
    found = report(tmp_path, "Apple", ("zeus_apple_silicon",), is_apple=lambda: True, apple=lambda: library)
    assert (found.state, found.meter) == (SensorState.USABLE, MeterKind.APPLE)
    assert found.finding.startswith("Apple silicon (processor + memory; not told: GPU, ")


def test_a_mac_whose_processor_is_not_told_is_not_usable(tmp_path):
    library = FakeApple(ManualClock(), gpu_mj=3.0)
    found = report(tmp_path, "Apple", ("zeus_apple_silicon",), is_apple=lambda: True, apple=lambda: library)
    assert (found.state, found.meter) == (SensorState.NOT_SUPPORTED, None)


def test_a_battery_is_told_apart_from_a_mains_supply(tmp_path):
    write(tmp_path / "sys/class/power_supply/AC/type", "Mains")
    assert report(tmp_path, "battery").state is SensorState.ABSENT
    battery(tmp_path, power_now=9_000_000)
    assert report(tmp_path, "battery").meter is MeterKind.BATTERY


def test_a_battery_on_the_charger_has_nothing_to_say_now(tmp_path):
    battery(tmp_path, power_now=9_000_000, status="Charging")
    found = report(tmp_path, "battery")
    assert (found.state, found.meter) == (SensorState.NOT_NOW, None)
    assert "BAT0 is charging; unplug the charger" in found.finding


def test_this_machine_can_be_looked_at():
    reports = discover()
    assert len(reports) >= 6
    assert all(set(item.to_json()) == {"sensor", "state", "finding", "command"} for item in reports)
