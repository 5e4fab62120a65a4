import pytest
from fake_sensors import rapl_package, write

from device_agents.energy import energy_pass
from device_agents.energy_plan import EnergyPlan
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.rapl import open_rapl, rapl_counters
from device_agents.sampler import Subject


def test_packages_are_added_up(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 20.0, 0)
    rapl_package(tmp_path, clock, 5.0, 1)
    reading = seen(open_rapl(tmp_path, clock, poller), clock, 4.0)
    assert reading.energy_j == pytest.approx(100.0)
    assert reading.duration_s == 4.0
    assert reading.trace.peak_w() == pytest.approx(25.0)


def test_a_counter_that_wraps_in_a_window_loses_nothing(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 20.0, start=90_000_000, range_uj=100_000_000)
    assert seen(open_rapl(tmp_path, clock, poller), clock, 4.0).energy_j == pytest.approx(80.0)


def test_a_counter_that_wraps_several_times_is_looked_at_often_enough(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 20.0, range_uj=100_000_000)
    assert seen(open_rapl(tmp_path, clock, poller), clock, 60.0).energy_j == pytest.approx(1200.0)


def test_the_power_of_the_trace_follows_the_counter(tmp_path, clock, poller):
    package = rapl_package(tmp_path, clock, 10.0)
    meter = open_rapl(tmp_path, clock, poller)
    with meter.window("burst") as window:
        clock.sleep(3.0)
        package.watts = 50.0
        clock.sleep(2.0)
    assert window.reading.energy_j == pytest.approx(130.0)
    assert window.reading.trace.peak_w() == pytest.approx(50.0)
    assert min(window.reading.trace.power_w) == pytest.approx(10.0)


def test_parts_of_a_package_and_the_platform_around_it_are_left_out(tmp_path, clock):
    rapl_package(tmp_path, clock, 10.0)
    for zone, name in (("intel-rapl:0:0", "core"), ("intel-rapl:1", "psys"), ("intel-rapl-mmio:0", "package-0")):
        write(tmp_path / "sys/class/powercap" / zone / "name", name)
        write(tmp_path / "sys/class/powercap" / zone / "energy_uj", 1)
    assert rapl_counters(tmp_path) == [tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj"]


def test_a_counter_that_stands_still_is_an_error_and_not_0_joules(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 0.0)
    with pytest.raises(DeviceError, match=r"window 'test': package-0: expected the energy counter to move, .* for 1 s"):
        seen(open_rapl(tmp_path, clock, poller), clock, 1.0)


def test_one_package_that_stands_still_while_another_moves_is_an_error_in_any_window(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 10.0, 0)
    rapl_package(tmp_path, clock, 0.0, 1)
    with pytest.raises(DeviceError, match="package-1: expected the energy counter to move"):
        seen(open_rapl(tmp_path, clock, poller), clock, 0.25)


def test_a_window_shorter_than_the_counters_rhythm_has_no_energy(tmp_path, clock, poller, seen):
    rapl_package(tmp_path, clock, 0.0)
    assert seen(open_rapl(tmp_path, clock, poller), clock, 0.25).energy_j is None


def test_a_counter_that_only_root_may_read_is_an_error_with_its_command(tmp_path, clock, poller, barred):
    counter = rapl_package(tmp_path, clock, 10.0)
    meter = open_rapl(tmp_path, clock, poller)
    barred("energy_uj")
    with pytest.raises(DeviceError, match=f"sudo chmod a.r {counter.path}"):
        meter.begin()


def test_a_counter_that_is_closed_during_a_window_ends_it_and_the_meter_goes_on(tmp_path, clock, poller, seen):
    package = rapl_package(tmp_path, clock, 10.0)
    meter = open_rapl(tmp_path, clock, poller)
    meter.begin()
    clock.each_step.insert(1, lambda: package.path.unlink(missing_ok=True))
    clock.sleep(0.5)
    with pytest.raises(DeviceError, match="the sensor does not answer"):
        meter.end()
    del clock.each_step[1]
    clock.sleep(0.125)
    assert seen(meter, clock, 2.0).energy_j == pytest.approx(20.0)


def test_a_machine_without_counters_is_told_where_they_would_be(tmp_path):
    with pytest.raises(DeviceError, match="under /sys/class/powercap, there are none"):
        open_rapl(tmp_path)


def test_a_counter_was_counted(tmp_path, clock):
    rapl_package(tmp_path, clock, 10.0)
    meter = open_rapl(tmp_path, clock)
    assert meter.energy_provenance is meter.power_provenance is Provenance.MEASURED_COUNTER
    assert "package-0" in meter.name
    assert meter.bandwidth_hz == 5.0


def test_the_energy_pass_tells_work_from_idleness_by_it(tmp_path, clock, poller):
    package = rapl_package(tmp_path, clock, 10.0)

    def call():
        package.watts = 30.0
        clock.sleep(0.5)
        package.watts = 10.0

    plan = EnergyPlan(window_s=2.0, idle_s=2.0)
    found = energy_pass(clock, open_rapl(tmp_path, clock, poller), Subject(call), plan)
    assert found.energy_j.value == pytest.approx(15.0)
    assert found.dynamic_energy_j == pytest.approx(10.0)
    assert found.idle_power_w == pytest.approx(10.0)
    assert found.peak_power_w.value == pytest.approx(30.0)
