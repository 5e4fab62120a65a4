import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import PowerTrace
from device_agents.meters.replay import ReplayMeter


def ramp(seconds):
    """Power that equals the time in seconds."""
    times = tuple(float(second) for second in range(seconds + 1))
    return PowerTrace(times, times)


def test_a_window_sees_the_part_of_the_trace_that_played_during_it():
    clock = ManualClock()
    meter = ReplayMeter(ramp(10), clock)
    clock.sleep(2.5)
    meter.begin()
    clock.sleep(3.0)
    reading = meter.end()
    assert reading.energy_j == pytest.approx((5.5**2 - 2.5**2) / 2)
    assert reading.trace.times_s == pytest.approx((0.0, 0.5, 1.5, 2.5, 3.0))
    assert reading.trace.power_w == pytest.approx((2.5, 3.0, 4.0, 5.0, 5.5))


def test_what_is_replayed_was_not_measured_here():
    meter = ReplayMeter(ramp(2))
    assert meter.energy_provenance is meter.power_provenance is Provenance.SIMULATED


def test_a_window_past_the_end_of_the_trace_is_refused():
    clock = ManualClock()
    meter = ReplayMeter(ramp(2), clock)
    meter.begin()
    clock.sleep(3.0)
    with pytest.raises(DeviceError, match="covers 0 to 2 s, the window is 0 to 3 s; record a longer one"):
        meter.end()


def test_windows_do_not_overlap():
    meter = ReplayMeter(ramp(2), ManualClock())
    with pytest.raises(DeviceError, match="no window"):
        meter.end()
    meter.begin()
    with pytest.raises(DeviceError, match="open already"):
        meter.begin()


def test_a_trace_is_read_from_csv(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,power_w\n0,10\n1,10\n5,10\n")
    clock = ManualClock()
    meter = ReplayMeter.from_csv(path, clock)
    meter.begin()
    clock.sleep(4.0)
    assert meter.end().energy_j == pytest.approx(40.0)
    assert meter.name == "replay of trace.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_s,watts\n0,1\n", "power_w is missing"),
        ("time_s,power_w\n0,one\n", "trace.csv:2: expected a number, got 'one'"),
        ("time_s,power_w\n0,nan\n", "expected a finite number"),
        ("time_s,power_w\n", "at least two samples, got 0"),
        ("time_s,power_w\n1,1\n0,1\n", "must rise"),
    ],
)
def test_a_file_that_is_no_trace_is_named_with_its_fault(tmp_path, text, message):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(DeviceError, match=message):
        ReplayMeter.from_csv(path)


def test_a_file_that_is_absent_is_one_sentence(tmp_path):
    with pytest.raises(DeviceError, match="expected a CSV file with a power trace"):
        ReplayMeter.from_csv(tmp_path / "absent.csv")
