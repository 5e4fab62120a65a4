import pytest

from protran.training.fidelity import FULL_WINDOWS, LOW_WINDOWS, fidelities


def test_low_costs_less_than_half_of_full():
    found = fidelities(1574)
    assert found.low.epochs * found.low.share < 0.5 * found.full.epochs


@pytest.mark.parametrize("windows", [1000, 3000])
def test_the_passes_do_not_depend_on_the_amount_of_data(windows):
    found = fidelities(windows)
    assert found.full.epochs * windows == pytest.approx(FULL_WINDOWS, rel=0.1)
    assert found.low.epochs * found.low.share * windows == pytest.approx(LOW_WINDOWS, rel=0.15)


@pytest.mark.parametrize("windows", [1, 10, 10**7])
def test_epochs_stay_within_limits(windows):
    found = fidelities(windows)
    assert 2 <= found.low.epochs <= found.full.epochs <= 150
