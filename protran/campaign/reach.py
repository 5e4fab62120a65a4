"""Whether a design space can keep a budget at all, as far as counting alone can tell."""

from __future__ import annotations

from protran.budgets import Budget
from protran.campaign.problem import Problem
from protran.errors import InputError
from protran.quantities import Quantity
from protran.units import format_value
from search_spaces.deployment import Precision
from search_spaces.space_facts import Counted, cost_range

_BYTES = {Precision.FP32: 4}
_FEWEST_BYTES = 1
"""Of a weight, in every other precision at least."""


def check_reachable(problem: Problem) -> None:
    """Refuses budgets that no candidate of the space can keep: more than nobody could find out by searching.

    Raises:
        InputError: a budget on parameters is below the fewest of the space, or one on memory below their mere weights.
    """
    limits = [item for item in problem.budgets if item.quantity in (Quantity.PARAMETERS, Quantity.MEMORY_BYTES)]
    if not limits:
        return
    fewest = cost_range(problem.space, problem.input_spec, Counted.PARAMETERS).least.value
    size = min(_BYTES.get(deployment.precision, _FEWEST_BYTES) for deployment in problem.space.deployments)
    for budget in limits:
        weights = budget.quantity is Quantity.MEMORY_BYTES
        least = float(fewest * size if weights else fewest)
        if budget.limit < least:
            raise InputError(_sentence(problem, budget, least, "the weights of " if weights else ""))


def _sentence(problem: Problem, budget: Budget, least: float, what: str) -> str:
    verb, kind = ("take", "") if what else ("has", " parameters")
    size = f"{format_value(least, budget.quantity.unit)}{kind}"
    return (
        f"budget {budget.text!r}: expected one that a candidate of {problem.space.name} can keep, and {what}the "
        f"smallest {verb} {size}; loosen it, or take another --space"
    )
