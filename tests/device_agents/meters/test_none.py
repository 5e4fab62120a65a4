import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.none import NoMeter


def test_without_a_sensor_a_window_has_a_duration_and_no_joules():
    clock = ManualClock()
    meter = NoMeter(clock)
    meter.begin()
    clock.sleep(2.5)
    reading = meter.end()
    assert (reading.duration_s, reading.energy_j, reading.trace) == (2.5, None, None)


def test_without_a_sensor_everything_is_unavailable():
    meter = NoMeter()
    assert meter.energy_provenance is meter.power_provenance is Provenance.UNAVAILABLE


def test_windows_do_not_overlap():
    meter = NoMeter(ManualClock())
    with pytest.raises(DeviceError, match="no window"):
        meter.end()
    meter.begin()
    with pytest.raises(DeviceError, match="open already"):
        meter.begin()
