"""The meter's contract, over every implementation. A new one is one line in `METERS`."""

import math

import pytest
from fake_apple import FakeApple
from fake_sensors import (
    PMIC,
    CounterFile,
    FakeNvml,
    SteppedClock,
    SteppedPoller,
    battery,
    chip,
    rapl_package,
)
from power_calibrations import make_calibration

from device_agents.clock import Clock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.apple import open_apple
from device_agents.meters.base import PowerTrace
from device_agents.meters.battery import open_battery
from device_agents.meters.estimate import GENERIC_WATTS, EstimateMeter
from device_agents.meters.hwmon import open_hwmon
from device_agents.meters.none import NoMeter
from device_agents.meters.nvml import open_nvml
from device_agents.meters.rapl import open_rapl
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.rpi_pmic import open_rpi_pmic
from device_agents.meters.spec import MeterKind

WATTS = 4.0  # what every sensor below sees


def rapl(root, clock, poller):
    rapl_package(root, clock, WATTS)
    return open_rapl(root, clock, poller)


def hwmon(root, clock, poller):
    chip(root, "ina219", power1_input=round(WATTS * 1e6))
    return open_hwmon(root, clock, poller)


def hwmon_counter(root, clock, poller):
    CounterFile(chip(root, "ina228") / "energy1_input", clock, WATTS)
    return open_hwmon(root, clock, poller)


def on_battery(root, clock, poller):
    battery(root, power_now=round(WATTS * 1e6))
    return open_battery(root, clock, poller)


class Working(Clock):
    """The time of another clock, in which this process works so much that its generic estimate is `watts`."""

    def __init__(self, clock, watts):
        self._clock = clock
        self._cores = watts / math.sqrt(GENERIC_WATTS.low_w * GENERIC_WATTS.high_w)

    def wall_s(self):
        return self._clock.wall_s()

    def cpu_s(self):
        return self._cores * self._clock.wall_s()

    def sleep(self, duration_s):
        self._clock.sleep(duration_s)


METERS = {
    "none": lambda root, clock, poller: NoMeter(clock),
    "replay": lambda root, clock, poller: ReplayMeter(PowerTrace((0.0, 100.0), (WATTS, WATTS)), clock),
    "rapl": rapl,
    "hwmon": hwmon,
    "hwmon with a counter": hwmon_counter,
    "rpi_pmic": lambda root, clock, poller: open_rpi_pmic(clock, poller, lambda: PMIC),
    "battery": on_battery,
    "nvml": lambda root, clock, poller: open_nvml(FakeNvml(clock, WATTS), clock, poller),
    "nvml without a counter": lambda root, clock, poller: open_nvml(
        FakeNvml(clock, WATTS, counts=False), clock, poller
    ),
    "apple": lambda root, clock, poller: open_apple(FakeApple(clock, cpu_total_mj=3.0, dram_mj=1.0), clock, poller),
    "estimate": lambda root, clock, poller: EstimateMeter(make_calibration(), clock),
    "estimate without a calibration": lambda root, clock, poller: EstimateMeter(None, Working(clock, WATTS)),
}


@pytest.fixture
def clock():
    return SteppedClock()


@pytest.fixture(params=METERS)
def meter(request, tmp_path, clock):
    opened = METERS[request.param](tmp_path, clock, SteppedPoller(clock))
    yield opened
    opened.close()


def test_every_kind_of_meter_is_here():
    assert {kind.value for kind in MeterKind} <= set(METERS)


def test_windows_do_not_overlap(meter):
    meter.begin()
    with pytest.raises(DeviceError, match="open already"):
        meter.begin()


def test_a_window_that_was_not_begun_does_not_end(meter):
    with pytest.raises(DeviceError, match="no window"):
        meter.end()


def test_the_first_window_survives_an_attempt_to_begin_a_second(meter, clock):
    meter.begin()
    clock.sleep(1.0)
    with pytest.raises(DeviceError):
        meter.begin()
    clock.sleep(1.0)
    assert meter.end().duration_s == pytest.approx(2.0)


def test_a_window_has_the_energy_that_its_provenance_promises(meter, clock):
    with meter.window("x") as window:
        clock.sleep(5.0)
    energy_j = window.reading.energy_j
    if meter.energy_provenance is Provenance.UNAVAILABLE:
        assert energy_j is None
    else:
        assert math.isfinite(energy_j)
        assert energy_j == pytest.approx(5.0 * WATTS)


def test_a_window_has_the_power_that_its_provenance_promises(meter, clock):
    with meter.window("x") as window:
        clock.sleep(5.0)
    trace = window.reading.trace
    if meter.power_provenance is Provenance.UNAVAILABLE:
        assert trace is None
    else:
        assert trace.peak_w() == pytest.approx(WATTS)
        assert 0.0 <= trace.times_s[0] < trace.times_s[-1] <= 5.0


def test_a_window_of_no_length_has_no_energy_or_none_at_all(meter):
    meter.begin()
    reading = meter.end()
    assert reading.duration_s == 0.0
    assert not reading.energy_j


def test_the_second_window_begins_from_nothing(meter, clock):
    readings = []
    for duration_s in (4.0, 1.0):
        with meter.window("x") as window:
            clock.sleep(duration_s)
        readings.append(window.reading)
        clock.sleep(2.0)
    assert readings[1].duration_s == pytest.approx(1.0)
    if readings[0].energy_j is not None:
        assert readings[1].energy_j == pytest.approx(readings[0].energy_j / 4)


def test_a_meter_that_has_no_energy_has_no_zero_in_its_place(meter, clock):
    with meter.window("x") as window:
        clock.sleep(2.0)
    assert window.reading.energy_j != 0.0


def test_a_block_that_raises_leaves_the_meter_ready(meter, clock):
    with pytest.raises(KeyError), meter.window("x"):
        raise KeyError
    meter.begin()
    clock.sleep(1.0)
    assert meter.end().duration_s == pytest.approx(1.0)


def test_it_closes_twice_and_with_a_window_open(meter):
    meter.begin()
    meter.close()
    meter.close()


def test_it_says_what_it_is(meter):
    assert meter.name
    assert meter.bandwidth_hz is None or meter.bandwidth_hz > 0
