from __future__ import annotations

import signal
import threading

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter, Reading
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY
from device_agents.meters.none import NoMeter
from protran.cli.energy_windows import EnergyWindows

WAIT_S = 30.0  # for another thread: no test waits so long unless something is broken


class CountingMeter(Meter):
    """Gives 1, 2, 4 … joules, or what `energies` says; fails in the window `fails_at`."""

    def __init__(self, *, fails_at: int | None = None, energies: list[float | None] | None = None) -> None:
        self.given: list[float | None] = []
        self.third = threading.Event()
        self.masked: set[int] = set()
        self._fails_at = fails_at
        self._energies = energies

    name = "a counting meter"
    energy_provenance = Provenance.MEASURED_COUNTER
    power_provenance = Provenance.UNAVAILABLE

    def begin(self) -> None:
        if self._fails_at == 0:
            raise DeviceError("the sensor does not answer")

    def end(self) -> Reading:
        if len(self.given) + 1 == self._fails_at:
            self.third.set()
            raise DeviceError("the sensor went away")
        self.masked = set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        energy = self._energies[len(self.given)] if self._energies else 2.0 ** len(self.given)
        self.given.append(energy)
        if len(self.given) >= 3:
            self.third.set()
        return Reading(1.0, energy, None)


def test_the_windows_add_up() -> None:
    meter = CountingMeter()
    with EnergyWindows(meter, 0.001) as windows:
        assert meter.third.wait(WAIT_S)
    energy = windows.energy()
    assert energy.low_j == energy.high_j == 2.0 ** len(meter.given) - 1
    assert (energy.provenance, windows.reason) == (Provenance.MEASURED_COUNTER, "")


def test_what_ends_before_the_first_reading_is_one_window() -> None:
    meter = CountingMeter()
    with EnergyWindows(meter, 3600) as windows:
        pass
    assert (windows.energy().low_j, meter.given) == (1.0, [1.0])


def test_without_a_sensor_there_is_no_energy_and_a_reason() -> None:
    with EnergyWindows(NoMeter(), 1.0) as windows:
        pass
    assert (windows.energy(), windows.reason) == (UNAVAILABLE_ENERGY, "no sensor")


@pytest.mark.parametrize(("fails_at", "reason"), [(0, "does not answer"), (2, "went away")])
def test_a_sensor_that_fails_costs_the_energy_only(fails_at: int, reason: str) -> None:
    meter, worked = CountingMeter(fails_at=fails_at), False
    with EnergyWindows(meter, 0.001) as windows:
        worked = fails_at == 0 or meter.third.wait(WAIT_S)
    assert worked
    assert windows.energy() is UNAVAILABLE_ENERGY
    assert reason in windows.reason


def test_one_window_without_energy_makes_the_sum_unavailable() -> None:
    meter = CountingMeter(energies=[1.0, None, *[1.0] * 100_000])
    with EnergyWindows(meter, 0.001) as windows:
        assert meter.third.wait(WAIT_S)
    assert windows.energy() is UNAVAILABLE_ENERGY
    assert windows.reason == "a counting meter gave no energy"


def test_the_thread_that_reads_takes_no_signals() -> None:
    meter = CountingMeter()
    with EnergyWindows(meter, 3600):
        pass
    assert {signal.SIGINT, signal.SIGTERM} <= meter.masked


def test_an_error_of_the_work_passes_through_and_ends_the_window() -> None:
    meter = CountingMeter()
    with pytest.raises(ZeroDivisionError), EnergyWindows(meter, 3600):
        raise ZeroDivisionError
    assert meter.given == [1.0]
