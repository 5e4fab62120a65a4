import pytest
from fake_sensors import CounterFile, battery, write

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.battery import find_batteries, open_battery


@pytest.mark.parametrize(
    "files",
    [
        {"power_now": 12_000_000},
        {"current_now": 1_000_000, "voltage_now": 12_000_000},
        {"current_now": -1_000_000, "voltage_now": 12_000_000},
    ],
)
def test_a_discharging_battery_tells_the_power_of_the_machine(tmp_path, clock, poller, seen, files):
    battery(tmp_path, **files)
    meter = open_battery(tmp_path, clock, poller)
    assert seen(meter, clock, 4.0).energy_j == pytest.approx(48.0)
    assert meter.energy_provenance is Provenance.MEASURED_SAMPLED


def test_of_two_batteries_the_one_that_gives_counts(tmp_path, clock, poller, seen):
    battery(tmp_path, "BAT0", power_now=9_000_000)
    battery(tmp_path, "BAT1", power_now=0, status="Not charging")
    assert seen(open_battery(tmp_path, clock, poller), clock, 2.0).energy_j == pytest.approx(18.0)


def test_a_battery_that_only_knows_its_energy_is_a_counter_without_a_trace(tmp_path, clock, poller, seen):
    folder = battery(tmp_path)
    CounterFile(folder / "energy_now", clock, watts=-36.0, start=50_000_000, per_joule=1e6 / 3600)  # microwatt-hours
    meter = open_battery(tmp_path, clock, poller)
    reading = seen(meter, clock, 10.0)
    assert reading.energy_j == pytest.approx(360.0)
    assert reading.trace is None
    assert (meter.energy_provenance, meter.power_provenance) == (Provenance.MEASURED_COUNTER, Provenance.UNAVAILABLE)


@pytest.mark.parametrize("status", ["Charging", "Full", "Not charging", "Unknown"])
def test_a_battery_that_does_not_discharge_says_so(tmp_path, clock, poller, status):
    battery(tmp_path, power_now=9_000_000, status=status)
    with pytest.raises(DeviceError, match=f"while it discharges, but BAT0 is {status.lower()}; unplug the charger"):
        open_battery(tmp_path, clock, poller).begin()


def test_a_charger_that_is_plugged_in_during_a_window_ends_it(tmp_path, clock, poller):
    folder = battery(tmp_path, power_now=9_000_000)
    meter = open_battery(tmp_path, clock, poller)
    meter.begin()
    clock.sleep(1.0)
    write(folder / "status", "Charging")
    clock.sleep(1.0)
    write(folder / "status", "Discharging")
    with pytest.raises(DeviceError, match="BAT0 is charging"):
        meter.end()


def test_the_battery_of_a_mouse_is_not_the_machines(tmp_path):
    battery(tmp_path, "hid-mouse", power_now=1, scope="Device")
    assert find_batteries(tmp_path) == []
    with pytest.raises(DeviceError, match="expected a battery under /sys/class/power_supply, there is none"):
        open_battery(tmp_path)


def test_a_battery_that_tells_nothing_is_an_error(tmp_path):
    battery(tmp_path, capacity=80)
    with pytest.raises(DeviceError, match="it has none of them"):
        open_battery(tmp_path)


def test_a_battery_that_is_charged_beside_one_that_gives_is_no_measure_of_the_machine(tmp_path, clock, poller):
    battery(tmp_path, "BAT0", power_now=9_000_000)
    battery(tmp_path, "BAT1", power_now=4_000_000, status="Charging")
    with pytest.raises(DeviceError, match="BAT0 is discharging, BAT1 is charging"):
        open_battery(tmp_path, clock, poller).begin()
