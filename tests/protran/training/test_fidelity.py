import pytest

from protran.training.fidelity import FULL_WINDOWS, LOW_WINDOWS, fidelities


@pytest.mark.parametrize("windows", [100, 1414, 5000, 10**6])
def test_low_costs_at_most_half_of_full(windows):
    found = fidelities(windows, 0)
    assert found.low.epochs * found.low.share <= 0.5 * found.full.epochs


@pytest.mark.parametrize("windows", [1000, 3000])
def test_the_passes_do_not_depend_on_the_amount_of_data(windows):
    found = fidelities(windows, 0)
    assert found.full.epochs * windows == pytest.approx(FULL_WINDOWS, rel=0.1)
    assert found.low.epochs * found.low.share * windows == pytest.approx(LOW_WINDOWS, rel=0.15)


def test_a_refit_passes_as_many_windows_as_the_full_fidelity():
    found = fidelities(1414, 668)
    assert found.refit.refit
    assert not found.full.refit
    assert found.refit.epochs * (1414 + 668) == pytest.approx(FULL_WINDOWS, rel=0.1)


def test_low_sees_a_share_of_much_data_and_full_sees_all_of_it():
    found = fidelities(10**6, 0)
    assert found.low.epochs * found.low.share * 10**6 == pytest.approx(LOW_WINDOWS)
    assert (found.full.epochs, found.full.share) == (4, 1.0)


@pytest.mark.parametrize("windows", [0, 1, 10, 10**7])
def test_epochs_stay_within_limits(windows):
    found = fidelities(windows, 0)
    assert 2 <= found.low.epochs <= found.full.epochs <= 150
