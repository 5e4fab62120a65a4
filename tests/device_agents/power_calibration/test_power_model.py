from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import DeviceError
from device_agents.power_calibration.plateau import Plateau, PlateauWatts
from device_agents.power_calibration.power_model import PowerModel, faults, fit_power

HOLDABLE = [plateau for plateau in Plateau if plateau is not Plateau.IDLE]


def points(idle, one, every, memory, cores=4.0):
    rows = zip(Plateau, (0.0, 1.0, cores, cores), (idle, one, every, memory), strict=True)
    return tuple(PlateauWatts(plateau, busy, power_w, 120.0) for plateau, busy, power_w in rows)


@pytest.mark.parametrize("hold_out", HOLDABLE)
def test_a_machine_that_is_linear_is_found_whatever_is_held_out(hold_out):
    fit = fit_power(points(2.0, 3.0, 6.0, 6.0), hold_out)
    assert (fit.model.idle_w, fit.model.core_w) == (pytest.approx(2.0), pytest.approx(1.0))
    assert fit.held_out_error == pytest.approx(0.0, abs=1e-9)
    assert fit.model.spread_w == pytest.approx(0.0, abs=1e-9)


def test_the_memory_term_is_fitted_only_where_its_plateau_is_not_held_out():
    measured = points(2.0, 3.0, 6.0, 4.0)
    assert fit_power(measured, Plateau.MEMORY_BOUND).model.memory_w is None
    assert fit_power(measured, Plateau.ONE_CORE).model.memory_w == pytest.approx(-0.5)


def test_the_error_is_the_distance_at_the_held_out_plateau_as_a_share_of_what_was_measured_there():
    fit = fit_power(points(2.0, 3.0, 6.0, 5.0))
    assert fit.residuals_w[Plateau.MEMORY_BOUND] == pytest.approx(-1.0)
    assert fit.held_out_error == pytest.approx(0.2)
    assert fit.model.spread_w == pytest.approx(1.0)


def test_least_squares_shares_the_distance_of_a_machine_that_is_not_linear():
    fit = fit_power(points(2.0, 5.0, 6.0, 6.0))
    # The normal equations of (0, 2), (1, 5), (4, 6): slope 33/39 (by hand), through the mean (5/3, 13/3).
    assert fit.model.core_w == pytest.approx(11 / 13)
    assert fit.model.idle_w == pytest.approx(13 / 3 - 11 / 13 * 5 / 3)


WATTS = st.floats(0.5, 500.0)


@given(WATTS, WATTS, WATTS, WATTS, st.sampled_from(HOLDABLE))
def test_the_range_holds_every_plateau_that_was_measured(idle, one, every, memory, hold_out):
    measured = points(idle, one, every, memory)
    model = fit_power(measured, hold_out).model
    for point in measured:
        low_w, high_w = model.power_range_w(point.busy_cores)
        assert low_w - 1e-6 <= point.power_w <= high_w + 1e-6


def test_the_range_spans_arithmetic_and_waiting_for_memory():
    assert PowerModel(2.0, 1.0, -0.5, 0.0).power_range_w(4.0) == (pytest.approx(4.0), pytest.approx(6.0))
    assert PowerModel(2.0, 1.0, 0.5, 0.1).power_range_w(4.0) == (pytest.approx(5.9), pytest.approx(8.1))


def test_the_range_never_goes_below_nothing():
    assert PowerModel(1.0, 1.0, None, 5.0).power_range_w(0.0) == (0.0, 6.0)


def test_a_good_calibration_has_no_faults():
    measured = points(2.0, 3.0, 6.0, 5.5)
    assert faults(measured, fit_power(measured)) == ()


def test_all_cores_that_draw_no_more_than_idle_are_a_fault():
    measured = points(6.0, 5.0, 4.0, 4.0)
    assert faults(measured, fit_power(measured))[0] == "all-cores draws 4 W, not more than the 6 W of idle"


def test_a_busy_core_that_adds_nothing_is_a_fault():
    measured = points(6.0, 5.0, 6.1, 4.0, cores=2.0)
    assert "a busy core adds" in faults(measured, fit_power(measured, Plateau.ALL_CORES))[0]


def test_a_held_out_plateau_that_is_missed_by_more_than_a_quarter_is_a_fault():
    measured = points(2.0, 3.0, 6.0, 4.0)
    assert faults(measured, fit_power(measured)) == (
        "the held-out plateau memory-bound is missed by 50 % (at most 25 %)",
    )


def test_other_programs_that_kept_cores_busy_are_a_fault():
    busy = tuple(replace(point, other_busy_cores=0.2 * index) for index, point in enumerate(points(2.0, 3.0, 6.0, 5.5)))
    assert faults(busy, fit_power(busy)) == (
        "other programs kept 0.4 cores busy during all-cores",
        "other programs kept 0.6 cores busy during memory-bound",
    )


def test_the_idle_plateau_is_not_held_out():
    with pytest.raises(DeviceError, match="idle plateau cannot be held out"):
        fit_power(points(2.0, 3.0, 6.0, 5.0), Plateau.IDLE)


def test_a_plateau_that_is_missing_or_comes_twice_is_refused():
    measured = points(2.0, 3.0, 6.0, 5.0)
    for wrong in (measured[:3], (*measured, measured[0])):
        with pytest.raises(DeviceError, match="each of the plateaus idle, one-core, all-cores, memory-bound once"):
            fit_power(wrong)


def test_loads_that_did_not_differ_are_refused():
    same = tuple(PlateauWatts(plateau, 0.0, 5.0, 120.0) for plateau in Plateau)
    with pytest.raises(DeviceError, match="plateaus of different load"):
        fit_power(same)


def test_a_model_of_watts_that_are_no_number_is_refused():
    with pytest.raises(DeviceError, match="finite watts"):
        PowerModel(float("nan"), 1.0, None, 0.0)
