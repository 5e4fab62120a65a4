"""Which sensor a campaign uses: none, unless somebody asks for what it measures."""

from __future__ import annotations

import pytest

from device_agents.meters.spec import MeterKind, MeterSpec
from protran import sensors
from protran.config import SENSOR_OBJECTIVES, config_from_arguments
from protran.errors import InputError


def config(**fields):
    return config_from_arguments({"name": "x", "space": "edge-small", "task": "watch", **fields})


@pytest.fixture
def rapl(monkeypatch):
    monkeypatch.setattr(sensors, "local_meter", lambda: MeterSpec(MeterKind.RAPL))


@pytest.fixture
def no_sensor(monkeypatch):
    monkeypatch.setattr(sensors, "local_meter", MeterSpec)


@pytest.mark.usefixtures("rapl")
@pytest.mark.parametrize("wish", [{"objectives": ["error", "energy"]}, {"budgets": ["peak-power<=5W"]}])
def test_a_campaign_that_asks_for_energy_or_power_gets_the_sensor(wish):
    assert sensors.meter_of(config(**wish)).kind is MeterKind.RAPL


@pytest.mark.usefixtures("rapl")
def test_a_campaign_that_does_not_ask_is_spared_the_energy_passes():
    assert sensors.meter_of(config()).kind is MeterKind.NONE
    assert sensors.usual_quantities(config()) == ()


@pytest.mark.usefixtures("no_sensor")
def test_what_no_sensor_measures_is_refused():
    with pytest.raises(InputError, match="energy cannot be measured on 'local': no usable power sensor"):
        sensors.meter_of(config(objectives=["error", "energy"]))


@pytest.mark.usefixtures("no_sensor")
def test_energy_of_a_simulated_device_needs_no_sensor():
    campaign = config(devices=["local", "sim:rpi4"], objectives=["error", "energy@sim:rpi4"])
    assert sensors.meter_of(campaign).kind is MeterKind.NONE


def test_simulated_devices_alone_are_asked_for_energy_and_power_too():
    assert sensors.usual_quantities(config(devices=["sim:rpi4", "sim:a100"])) == SENSOR_OBJECTIVES
    assert sensors.usual_quantities(config(devices=["local", "sim:rpi4"])) == ()
