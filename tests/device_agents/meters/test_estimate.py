import math

import pytest
from power_calibrations import IDENTITY, make_calibration

from device_agents.clock import ManualClock
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.estimate import (
    GENERIC_WATTS,
    EstimateMeter,
    WattsPerCore,
    estimate_energy,
    estimate_machine_energy,
    open_estimate,
    usable_calibration,
)
from device_agents.power_calibration.plateau import Plateau
from device_agents.power_calibration.storage import save_calibration


def test_the_estimate_is_core_seconds_times_both_ends_of_the_watts():
    found = estimate_energy(10.0, WattsPerCore(2.0, 5.0, "a test"))
    assert (found.low_j, found.high_j) == (20.0, 50.0)


def test_an_estimate_says_that_it_is_generic():
    assert estimate_energy(1.0).provenance is Provenance.ESTIMATED_GENERIC


def test_the_generic_watts_name_both_sources_and_follow_from_their_figures():
    assert GENERIC_WATTS.low_w == pytest.approx((5.4 - 2.2) / 4)
    assert GENERIC_WATTS.high_w == pytest.approx(95 / 4, abs=0.051)
    assert "Raspberry Pi 4" in GENERIC_WATTS.source
    assert "Green Algorithms" in GENERIC_WATTS.source


@pytest.mark.parametrize("core_seconds", [-1.0, math.inf, math.nan])
def test_core_seconds_that_cannot_be_are_refused(core_seconds):
    with pytest.raises(DeviceError, match="core-seconds must be"):
        estimate_energy(core_seconds)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf)])
def test_watts_that_cannot_be_are_refused(low, high):
    with pytest.raises(DeviceError, match="watts per core"):
        WattsPerCore(low, high, "a test")


@pytest.fixture
def busy():
    """Returns the energy that a meter reads while this process keeps `cores` busy for ten seconds."""

    def read(calibration, cores):
        clock = ManualClock()
        meter = EstimateMeter(calibration, clock)
        with meter.window("test") as window:
            clock.advance(wall_s=10.0, cpu_s=10.0 * cores)
        return window.reading.energy_j

    return read


def test_a_calibrated_estimate_is_idle_and_busy_cores_with_the_spread_of_the_plateaus():
    found = estimate_machine_energy(10.0, 15.0, make_calibration((4.0, 6.0, 8.0, 7.0)))
    assert (found.low_j, found.high_j) == (pytest.approx(10 * (4 + 1.5 * 2 - 1)), pytest.approx(10 * (4 + 1.5 * 2 + 1)))
    assert found.provenance is Provenance.ESTIMATED_CALIBRATED


def test_without_a_calibration_the_estimate_of_a_machine_is_generic():
    assert estimate_machine_energy(10.0, 15.0, None) == estimate_energy(15.0)


def test_a_span_of_no_length_costs_nothing():
    found = estimate_machine_energy(0.0, 0.0, make_calibration())
    assert (found.low_j, found.high_j) == (0.0, 0.0)


def test_a_calibration_that_may_not_be_used_is_refused():
    with pytest.raises(DeviceError, match="cannot be used: its plateaus last 5 s"):
        estimate_machine_energy(10.0, 15.0, make_calibration(duration_s=5.0))


@pytest.mark.parametrize(("duration_s", "core_seconds"), [(-1.0, 1.0), (1.0, -1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_a_span_that_cannot_be_is_refused(duration_s, core_seconds):
    with pytest.raises(DeviceError, match="core-seconds and duration must be"):
        estimate_machine_energy(duration_s, core_seconds, make_calibration())


def test_the_meter_reads_idle_and_busy_cores(busy):
    assert busy(make_calibration(), 0.0) == pytest.approx(40.0)
    assert busy(make_calibration(), 1.5) == pytest.approx(70.0)


def test_the_meter_takes_a_program_to_wait_for_memory_half_of_its_time(busy):
    calibration = make_calibration((4.0, 6.0, 8.0, 6.0), hold_out=Plateau.ONE_CORE)
    assert busy(calibration, 2.0) == pytest.approx(70.0)


def test_a_generic_reading_is_the_geometric_middle_and_knows_no_idle(busy):
    assert busy(None, 2.0) == pytest.approx(20 * math.sqrt(0.8 * 23.8))
    assert busy(None, 0.0) is None


def test_the_meter_has_no_power_and_says_what_it_rests_on():
    generic, calibrated = EstimateMeter(), EstimateMeter(make_calibration(faults=("missed by 30 %",)))
    assert generic.power_provenance is calibrated.power_provenance is Provenance.UNAVAILABLE
    assert generic.energy_provenance is Provenance.ESTIMATED_GENERIC
    assert generic.name == "estimate, 0.8 to 23.8 W per busy core"
    assert calibrated.name == "estimate, calibrated 2026-11-26 with Plug 1; forced: missed by 30 %"


def test_the_calibration_of_this_identity_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path))
    assert usable_calibration(identity=IDENTITY) is None
    save_calibration(make_calibration())
    assert usable_calibration(identity=IDENTITY) == make_calibration()


def test_the_meter_of_a_machine_without_a_calibration_is_generic(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path))
    assert open_estimate().energy_provenance is Provenance.ESTIMATED_GENERIC
    save_calibration(make_calibration(identity=device_identity()))
    assert open_estimate().energy_provenance is Provenance.ESTIMATED_CALIBRATED


def test_after_a_trial_estimates_stay_generic(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path))
    save_calibration(make_calibration(duration_s=5.0, identity=device_identity()))
    assert open_estimate().energy_provenance is Provenance.ESTIMATED_GENERIC


def test_the_calibration_of_another_device_is_refused(tmp_path):
    path = save_calibration(make_calibration(), tmp_path)
    with pytest.raises(DeviceError, match=f"this calibration is of device {IDENTITY}"):
        open_estimate(str(path))
