import math

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.estimate import GENERIC_WATTS, WattsPerCore, estimate_energy


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
