"""Whom of a front the claims are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from device_agents.measurement import Value
from protran.campaign.claims.claim import Claim, ClaimKind
from protran.campaign.claims.comparison import Comparison, by_cost, by_error
from protran.campaign.claims.reference import Reference
from protran.campaign.claims.wording import costs_text, key_text, scores_text
from protran.quantities import Quantity


def claims_about(
    reference: Reference, comparisons: Sequence[Comparison], values: Mapping[str, Value], *, on_front: bool = False
) -> list[Claim]:
    """Returns the claims that these members of a front allow.

    Args:
        reference: the model that they were compared with.
        comparisons: the members, without the reference itself.
        values: of the reference.
        on_front: whether the reference is on the front itself.
    """
    name = reference.name
    if not comparisons:
        return [Claim(ClaimKind.EQUAL_SCORE, f"the front has no member to compare with {name}", None)]
    equal = sorted((item for item in comparisons if item.difference.not_worse), key=by_cost)
    best = min(comparisons, key=by_error)
    claims = [_equal(equal[0], name, values) if equal else _nobody(best, name, values)]
    opening = f"{key_text(best)} has the best score of {'the other members' if on_front else 'the front'}"
    claims.append(_told_once(ClaimKind.BEST_SCORE, opening, best, claims, (name, values)))
    better = [item for item in comparisons if item.difference.better and _costs_no_more(item)]
    if better:
        chosen = min(better, key=by_error)
        opening = f"{key_text(chosen)} needs no more time than {name} and scores better"
        claims.append(_told_once(ClaimKind.SAME_COST, opening, chosen, claims, (name, values)))
    return claims


def _told_once(
    kind: ClaimKind,
    opening: str,
    member: Comparison,
    before: Sequence[Claim],
    against: tuple[str, Mapping[str, Value]],
) -> Claim:
    """Returns a claim whose sentence leaves out the figures that one before it told."""
    told = any(claim.comparison is member for claim in before)
    return Claim(kind, opening if told else _sentence(opening, member, *against), member)


def _equal(member: Comparison, name: str, values: Mapping[str, Value]) -> Claim:
    difference = member.difference
    opening = f"{key_text(member)} scores {'better than' if difference.better else 'as'} {name}"
    opening += "" if difference.better else " does"
    return Claim(ClaimKind.EQUAL_SCORE, _sentence(opening, member, name, values), member)


def _nobody(nearest: Comparison, name: str, values: Mapping[str, Value]) -> Claim:
    scores = scores_text(nearest.values["error"], values["error"], nearest.difference)
    gap = f"the nearest, {key_text(nearest)}, has an error of {scores}"
    return Claim(ClaimKind.EQUAL_SCORE, f"no member of the front scores as {name} does; {gap}", None)


def _sentence(opening: str, member: Comparison, name: str, values: Mapping[str, Value]) -> str:
    scores = scores_text(member.values["error"], values["error"], member.difference)
    return f"{opening} (error {scores}) and {costs_text(member, values)}{_tested(member, name, values)}"


def _tested(member: Comparison, name: str, values: Mapping[str, Value]) -> str:
    difference = member.test_difference
    if difference is None:
        return ""
    scores = scores_text(member.values["test_error"], values["test_error"], difference)
    verdict = f", where it is worse than {name}" if difference.worse else ""
    return f"; on test data, by which nobody was chosen, the error is {scores}{verdict}"


def _costs_no_more(member: Comparison) -> bool:
    ratio = member.ratios.get(Quantity.LATENCY_S.value)
    return ratio is not None and (ratio.value <= 1 if ratio.low is None else ratio.low <= 1)
