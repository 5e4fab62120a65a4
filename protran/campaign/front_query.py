"""What somebody asks of the fronts of campaigns, and its answer from what is known: no new work is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from protran.budgets import Budget, budgets_for
from protran.campaign.across import Across
from protran.campaign.fronts import front_of
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.preference import with_choice
from protran.errors import InputError
from protran.front import DominanceRule, Front
from protran.objectives import Objective, objectives_for

Word = TypeVar("Word", bound=Enum)


@dataclass(frozen=True)
class FrontQuery:
    """A question about a front.

    Attributes:
        devices: only objectives of these (and those of no device); empty for all.
        objectives: words such as ``error`` or ``energy@jetson``, instead of the campaign's: any that was measured.
        budgets: such as ``latency<=3ms``. One on a quantity (and device) that the campaign has a budget on replaces
            it, and so may be looser; the campaign's other budgets stay. Without ``@DEVICE`` it holds on each of
            `devices`, or on all where there are none.
        across: ``worst`` or ``mean``: the front of candidates that are good on all devices.
        confidence: probability with which members keep the budgets, and with which they must be dominated to leave.
        dominance: ``mean`` or ``confident``.
        prefer: ``knee``, or weights such as ``error=2,latency=1``.
        reference_point: what one would like to reach, such as ``error<=25%,latency<=1ms``.
    """

    devices: tuple[str, ...] = ()
    objectives: tuple[str, ...] | None = None
    budgets: tuple[str | Budget, ...] = ()
    across: Across | None = None
    confidence: float | None = None
    dominance: DominanceRule = DominanceRule.MEAN
    prefer: str | None = None
    reference_point: str | None = None

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - the parts of a question, as users name them
        cls,
        device: str | Sequence[str] | None = None,
        objectives: Sequence[str] | None = None,
        budgets: Sequence[str | Budget] | None = None,
        across: Across | str | None = None,
        confidence: float | None = None,
        dominance: DominanceRule | str = DominanceRule.MEAN,
        prefer: str | None = None,
        reference_point: str | None = None,
    ) -> FrontQuery:
        """Returns the query of the arguments that users give.

        Raises:
            InputError: a word for `across` or `dominance` is none of theirs, or one device and all are asked for.
        """
        if across is not None and device:
            raise InputError("expected one device or a look across all, got both; leave one out")
        return cls(
            devices=(device,) if isinstance(device, str) else tuple(dict.fromkeys(device or ())),
            objectives=None if objectives is None else tuple(objectives),
            budgets=tuple(budgets or ()),
            across=None if across is None else _word(Across, across, "across"),
            confidence=confidence,
            dominance=_word(DominanceRule, dominance, "dominance"),
            prefer=prefer,
            reference_point=reference_point,
        )


def answered(known: KnownCampaign, query: FrontQuery) -> Front:
    """Returns the front that was asked for.

    Raises:
        InputError: an unknown device, objective or unit, or what `front_of` and `with_choice` refuse.
    """
    front = front_of(
        known.problem,
        known.findings,
        verified=known.verified,
        objectives=objectives_of(known, query),
        budgets=budgets_of(known, query),
        across=query.across,
        confidence=query.confidence,
        dominance=query.dominance,
    )
    if known.whose is not None:
        members = tuple(
            dataclasses.replace(member, campaigns=known.whose.get(member.candidate.key, ()))
            for member in front.candidates
        )
        front = dataclasses.replace(
            front, campaigns=known.names, candidates=members, notes=(*known.notes, *front.notes)
        )
    return with_choice(front, query.prefer, query.reference_point)


def objectives_of(known: KnownCampaign, query: FrontQuery) -> list[Objective]:
    """Returns the objectives that a query is about.

    Raises:
        InputError: an unknown device or objective, or none is left.
    """
    devices = _devices(known, query)
    names = [device.name for device in known.problem.devices]
    wanted = known.problem.objectives if query.objectives is None else objectives_for(query.objectives, names)
    found = [item for item in wanted if item.device is None or item.device in devices]
    if not found:
        raise InputError(f"no objective is of {', '.join(query.devices)} or of no device; name others")
    return found


def budgets_of(known: KnownCampaign, query: FrontQuery) -> list[Budget]:
    """Returns the budgets that hold: those asked for, and the campaign's own on what these say nothing about.

    Raises:
        InputError: a budget cannot be read, or its device is none of the campaign's.
    """
    devices, names = _devices(known, query), [device.name for device in known.problem.devices]
    asked: list[Budget] = []
    for item in query.budgets:
        budget = Budget.parse(item) if isinstance(item, str) else item
        places = devices if budget.quantity.on_device and budget.device is None else [budget.device]
        asked += budgets_for([dataclasses.replace(budget, device=place) for place in places], names)
    return [*not_replaced(known.problem.budgets, asked), *asked]


def not_replaced(own: Sequence[Budget], asked: Sequence[Budget]) -> list[Budget]:
    """Returns the campaign's own budgets on whatever the asked ones say nothing about."""
    replaced = {(budget.quantity, budget.device) for budget in asked}
    return [budget for budget in own if (budget.quantity, budget.device) not in replaced]


def _devices(known: KnownCampaign, query: FrontQuery) -> list[str]:
    names = [device.name for device in known.problem.devices]
    for device in query.devices:
        if device not in names:
            raise InputError(f"device must be one of {', '.join(names) or 'none that all share'}; got {device!r}")
    return [name for name in names if not query.devices or name in query.devices]


def _word(kind: type[Word], word: Word | str, what: str) -> Word:
    try:
        return kind(word)
    except ValueError:
        known = " or ".join(str(item.value) for item in kind)
        raise InputError(f"{what} must be {known}; got {word!r}") from None
