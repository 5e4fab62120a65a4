import subprocess

import pytest
from fake_sensors import PMIC, PMIC_W, write

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.rpi_pmic import ask_firmware, has_power_chip, open_rpi_pmic, rail_powers_w


def test_each_rail_is_its_current_times_its_voltage():
    assert rail_powers_w(PMIC) == {"3V7_WL_SW": 2.0, "VDD_CORE": 2.0}


def test_the_rails_are_added_up_over_time(clock, poller, seen):
    meter = open_rpi_pmic(clock, poller, lambda: PMIC)
    assert seen(meter, clock, 3.0).energy_j == pytest.approx(3.0 * PMIC_W)
    assert meter.energy_provenance is Provenance.MEASURED_SAMPLED


@pytest.mark.parametrize("gone", ["  VDD_CORE_V volt(15)=1.00000000V\n", "  VDD_CORE_A current(7)=2.00000000A\n"])
def test_a_rail_that_lacks_a_half_is_an_error_and_not_a_smaller_sum(gone):
    with pytest.raises(DeviceError, match="rail VDD_CORE with only one of them"):
        rail_powers_w(PMIC.replace(gone, ""))


@pytest.mark.parametrize("text", ["", "error=1 error_msg='Command not registered'"])
def test_an_answer_without_rails_is_an_error(text):
    with pytest.raises(DeviceError, match="expected a current and a voltage for each rail"):
        rail_powers_w(text)


def test_a_missing_program_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match=r"cannot be run .* install raspi-utils"):
        ask_firmware()


def test_what_the_firmware_refuses_is_passed_on(monkeypatch):
    refused = subprocess.CompletedProcess((), 255, stdout="", stderr="VCHI initialization failed\n")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: refused)
    with pytest.raises(DeviceError, match=r"got 'VCHI initialization failed' \(exit 255\)"):
        ask_firmware()


@pytest.mark.parametrize(
    ("model", "expected"),
    [("Raspberry Pi 5 Model B Rev 1.0\0", True), ("Raspberry Pi 4 Model B Rev 1.1\0", False), ("Orange Pi 5", False)],
)
def test_only_the_fifth_generation_has_the_chip(tmp_path, model, expected):
    write(tmp_path / "proc/device-tree/model", model)
    assert has_power_chip(tmp_path) is expected
