import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.meters.none import NoMeter


@pytest.fixture
def meter():
    return NoMeter(ManualClock())


def test_the_reading_is_there_after_the_block(meter):
    with meter.window("x") as window:
        meter._clock.sleep(2.0)
    assert window.reading.duration_s == 2.0


def test_there_is_no_reading_inside_the_block(meter):
    with meter.window("x") as window, pytest.raises(DeviceError, match="window 'x' has no reading"):
        _ = window.reading


def test_a_block_that_raises_closes_its_window_and_has_no_reading(meter):
    with pytest.raises(KeyError), meter.window("x") as window:
        raise KeyError
    with pytest.raises(DeviceError, match="window 'x' has no reading"):
        _ = window.reading
    meter.begin()
    meter.end()


def test_errors_name_the_window(meter):
    meter.begin()
    with pytest.raises(DeviceError, match="window 'second': a window of this meter is open already"):  # noqa: SIM117
        with meter.window("second"):
            pass


def test_an_error_of_the_sensor_at_the_end_names_the_window(meter):
    with pytest.raises(DeviceError, match="window 'x': no window of this meter is open"):  # noqa: SIM117
        with meter.window("x"):
            meter.end()
