import pytest
from fake_sensors import CounterFile, chip, write

from device_agents.clock import SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.hwmon import open_hwmon


def test_power_is_sampled_and_integrated(tmp_path, clock, poller):
    folder = chip(tmp_path, "ina219", power1_input=4_000_000)
    meter = open_hwmon(tmp_path, clock, poller)
    with meter.window("step") as window:
        clock.sleep(2.0)
        write(folder / "power1_input", 8_000_000)
        clock.sleep(2.0)
    # The step falls between two samples an eighth of a second apart, which the trapezoid spreads over it.
    assert window.reading.energy_j == pytest.approx(24.0, abs=4.0 * 0.125 / 2 + 1e-9)
    assert window.reading.trace.peak_w() == pytest.approx(8.0)
    assert meter.energy_provenance is meter.power_provenance is Provenance.MEASURED_SAMPLED


def test_the_rails_of_several_chips_are_added_up_and_named(tmp_path, clock, poller, seen):
    chip(tmp_path, "ina3221", 0, in1_label="GPU", in1_input=5000, curr1_input=400)
    chip(tmp_path, "ina226", 1, in1_label="CPU", power1_input=3_000_000)
    meter = open_hwmon(tmp_path, clock, poller)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(10.0)
    assert meter.name == "hwmon rails GPU + CPU (ina3221, ina226)"


def test_only_the_rails_that_were_asked_for_are_added(tmp_path, clock, poller, seen):
    chip(tmp_path, "ina226", 0, in1_label="GPU", power1_input=2_000_000)
    chip(tmp_path, "ina226", 1, in1_label="CPU", power1_input=3_000_000)
    assert seen(open_hwmon(tmp_path, clock, poller, ["CPU"]), clock, 2.0).energy_j == pytest.approx(6.0)


def test_an_energy_counter_comes_before_samples(tmp_path, clock, poller, seen):
    folder = chip(tmp_path, "ina228", power1_input=1)
    CounterFile(folder / "energy1_input", clock, watts=6.0)
    meter = open_hwmon(tmp_path, clock, poller)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(12.0)
    assert meter.energy_provenance is Provenance.MEASURED_COUNTER


def test_an_energy_counter_that_goes_back_is_an_error(tmp_path, clock, poller):
    folder = chip(tmp_path, "ina228", energy1_input=5_000_000)
    meter = open_hwmon(tmp_path, clock, poller)
    meter.begin()
    write(folder / "energy1_input", 1_000_000)
    with pytest.raises(DeviceError, match="only grows, it went from 5 to 1 J"):
        meter.end()


def test_a_rail_that_reads_0_watts_throughout_is_an_error_and_not_0_joules(tmp_path, clock, poller, seen):
    chip(tmp_path, "ina219", power1_input=0)
    with pytest.raises(DeviceError, match="got 0 W over 2 s; check what the sensor is wired to"):
        seen(open_hwmon(tmp_path, clock, poller), clock, 2.0)


def test_a_rail_that_vanishes_during_a_window_is_an_error(tmp_path, clock, poller):
    folder = chip(tmp_path, "ina219", power1_input=1_000_000)
    meter = open_hwmon(tmp_path, clock, poller)
    meter.begin()
    (folder / "power1_input").unlink()
    with pytest.raises(DeviceError, match="power1_input: the sensor does not answer"):
        meter.end()


def test_a_rail_that_says_no_number_is_an_error(tmp_path, clock, poller):
    chip(tmp_path, "ina219", power1_input="<error>")
    with pytest.raises(DeviceError, match="expected a number from the sensor, got '<error>'"):
        open_hwmon(tmp_path, clock, poller).begin()


def test_a_rail_that_this_user_may_not_read_is_an_error_with_its_command(tmp_path, clock, poller, barred):
    chip(tmp_path, "ina219", power1_input=1_000_000)
    meter = open_hwmon(tmp_path, clock, poller)
    barred("power1_input")
    with pytest.raises(DeviceError, match=r"sudo chmod a\+r .*power1_input"):
        meter.begin()


@pytest.mark.parametrize(("interval_ms", "expected_hz"), [(None, 5.0), (35, 5.0), (500, 1.0)])
def test_the_bandwidth_is_that_of_the_slower_of_sampling_and_chip(tmp_path, interval_ms, expected_hz):
    folder = chip(tmp_path, "ina226", power1_input=1_000_000)
    if interval_ms is not None:
        write(folder / "update_interval", interval_ms)
    assert open_hwmon(tmp_path).bandwidth_hz == pytest.approx(expected_hz)


def test_a_board_without_such_a_chip_is_told_where_it_would_be(tmp_path):
    with pytest.raises(DeviceError, match="under /sys/class/hwmon that measures"):
        open_hwmon(tmp_path)


def test_on_the_real_clock_a_thread_takes_the_samples(tmp_path):
    chip(tmp_path, "ina219", power1_input=4_000_000)
    clock = SystemClock()
    meter = open_hwmon(tmp_path, clock)
    with meter.window("x") as window:
        clock.sleep(0.5)
    assert window.reading.energy_j == pytest.approx(4.0 * window.reading.duration_s)
    assert window.reading.duration_s >= 0.5
    assert len(window.reading.trace.times_s) > 2  # more than the begin and the end
