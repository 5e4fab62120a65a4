import os

import pytest

from device_agents.meters.discovery import SensorState, discover, energy_is_measurable


def write(path, text="1\n", mode=0o444):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def report(root, word, modules=()):
    (found,) = [item for item in discover(root, lambda name: name in modules) if word in item.sensor]
    return found


@pytest.fixture
def no_root_access(monkeypatch):
    """Makes access checks look at the mode alone, as they do for a user who is not root."""
    monkeypatch.setattr(os, "access", lambda path, mode: bool(os.stat(path).st_mode & 0o004))


def test_a_machine_without_any_sensor_says_so_for_each_kind(tmp_path):
    reports = discover(tmp_path, lambda name: False)
    assert [item.state for item in reports] == [SensorState.ABSENT] * 4
    assert not energy_is_measurable(reports)


def test_a_counter_that_only_root_may_read_comes_with_the_command_that_opens_it(tmp_path, no_root_access):
    write(tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj", mode=0o400)
    write(tmp_path / "sys/class/powercap/intel-rapl:1/energy_uj", mode=0o400)
    found = report(tmp_path, "RAPL")
    assert found.state is SensorState.NO_ACCESS
    assert found.command == (
        "sudo chmod a+r /sys/class/powercap/intel-rapl:0/energy_uj /sys/class/powercap/intel-rapl:1/energy_uj"
    )


def test_parts_of_a_package_are_not_counted_beside_it(tmp_path):
    write(tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj")
    write(tmp_path / "sys/class/powercap/intel-rapl:0:0/energy_uj")
    assert "1 readable counter(s)" in report(tmp_path, "RAPL").finding


def test_a_readable_counter_is_found_and_honestly_not_supported_yet(tmp_path):
    write(tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj")
    found = report(tmp_path, "RAPL")
    assert found.state is SensorState.NOT_SUPPORTED
    assert "not yet supported" in found.finding
    assert found.command is None


def test_a_power_chip_of_the_board_is_found_by_its_name(tmp_path):
    write(tmp_path / "sys/class/hwmon/hwmon3/name", "ina226\n")
    write(tmp_path / "sys/class/hwmon/hwmon3/power1_input")
    found = report(tmp_path, "hwmon")
    assert found.state is SensorState.NOT_SUPPORTED
    assert "chip ina226, /sys/class/hwmon/hwmon3/power1_input" in found.finding


def test_a_power_chip_that_is_closed_comes_with_its_command(tmp_path, no_root_access):
    write(tmp_path / "sys/class/hwmon/hwmon0/power1_input", mode=0o400)
    assert report(tmp_path, "hwmon").command == "sudo chmod a+r /sys/class/hwmon/hwmon0/power1_input"


def test_a_chip_that_only_knows_temperatures_is_no_power_sensor(tmp_path):
    write(tmp_path / "sys/class/hwmon/hwmon0/temp1_input")
    assert report(tmp_path, "hwmon").state is SensorState.ABSENT


def test_a_gpu_without_its_library_comes_with_the_install_command(tmp_path):
    write(tmp_path / "dev/nvidiactl")
    found = report(tmp_path, "NVML")
    assert found.state is SensorState.NOT_INSTALLED
    assert found.command == "pip install 'protran[gpu]'"


def test_a_gpu_with_its_library_is_not_supported_yet(tmp_path):
    write(tmp_path / "proc/driver/nvidia/version")
    assert report(tmp_path, "NVML", modules=("pynvml",)).state is SensorState.NOT_SUPPORTED


def test_a_battery_is_told_apart_from_a_mains_supply(tmp_path):
    write(tmp_path / "sys/class/power_supply/AC/type", "Mains\n")
    assert report(tmp_path, "battery").state is SensorState.ABSENT
    write(tmp_path / "sys/class/power_supply/BAT0/type", "Battery\n")
    assert "BAT0" in report(tmp_path, "battery").finding


def test_this_machine_can_be_looked_at():
    reports = discover()
    assert reports
    assert all(set(item.to_json()) == {"sensor", "state", "finding", "command"} for item in reports)
