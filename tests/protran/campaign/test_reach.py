from __future__ import annotations

import pytest

from protran.campaign.reach import check_reachable
from protran.errors import InputError
from search_spaces.space_facts import Counted, cost_range


def problem(bench, *budgets: str):
    with bench.ledger() as ledger:
        return bench.begin(ledger, budgets=list(budgets))[0]


def fewest(bench) -> int:
    plain = problem(bench)
    return cost_range(plain.space, plain.input_spec, Counted.PARAMETERS).least.value


def with_budget(bench, text: str):
    with bench.ledger() as ledger:
        return bench.begin(ledger, name="other", budgets=[text])[0]


def test_a_budget_on_parameters_is_refused_below_the_smallest_candidate_and_not_at_it(bench) -> None:
    least = fewest(bench)
    check_reachable(with_budget(bench, f"parameters<={least}"))


def test_a_budget_below_the_smallest_candidate_is_refused_with_its_size(bench) -> None:
    least = fewest(bench)
    impossible = with_budget(bench, f"parameters<={least - 1}")
    with pytest.raises(
        InputError, match=rf"^budget 'parameters<={least - 1}': .* the smallest has .* parameters; loosen"
    ):
        check_reachable(impossible)


def test_a_budget_on_memory_is_refused_where_the_mere_weights_break_it(bench) -> None:
    impossible = with_budget(bench, f"memory<={4 * fewest(bench) - 1}B")
    with pytest.raises(InputError, match=r"the weights of the smallest take .*B; loosen it, or take another --space$"):
        check_reachable(impossible)


def test_budgets_on_what_must_be_measured_are_let_through(bench) -> None:
    check_reachable(with_budget(bench, "latency<=1ns"))
