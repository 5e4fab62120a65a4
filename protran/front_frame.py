"""A front as a pandas DataFrame; import this module only when a table is asked for (pandas takes a second)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas

from protran.quantities import unit_of_value

if TYPE_CHECKING:
    from protran.front import Front, FrontCandidate


def frame_of(front: Front) -> pandas.DataFrame:
    """Returns one row for each member, in the front's order, with its key as index.

    For each value there are the columns ``NAME``, ``NAME stderr`` and ``NAME provenance``, the objectives first, in SI
    units: names carry them (``latency_s``). A value that is not known is NaN. ``campaigns`` is there where it matters
    whose a candidate is, ``chosen`` where a preference was stated; ``candidate`` holds the candidate itself.

    Its ``attrs`` say ``units`` (by column), ``objectives``, ``budgets``, ``campaigns``, ``devices`` and ``notes``.
    """
    names = [item.name for item in front.objectives]
    names += [name for member in front.candidates for name in member.values if name not in names]
    names = list(dict.fromkeys(names))
    rows = [_row(front, member, names) for member in front.candidates]
    frame = pandas.DataFrame(rows, columns=None if rows else _columns(names))
    frame.index = pandas.Index([member.candidate.key for member in front.candidates], name="key", dtype=object)
    frame.attrs = {
        "units": {name: unit_of_value(name) for name in names},
        "objectives": names[: len(front.objectives)],
        "budgets": [budget.describe() for budget in front.budgets],
        "campaigns": list(front.campaigns),
        "devices": list(front.devices),
        "notes": list(front.notes),
    }
    return frame


def _columns(names: list[str]) -> list[str]:
    return [*(column for name in names for column in (name, f"{name} stderr", f"{name} provenance")), "candidate"]


def _row(front: Front, member: FrontCandidate, names: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in names:
        value = member.values.get(name)
        known = value is not None and value.value is not None
        row[name] = value.value if value is not None and known else float("nan")
        row[f"{name} stderr"] = value.stderr if value is not None and value.stderr is not None else float("nan")
        row[f"{name} provenance"] = value.provenance.value if value is not None else "unavailable"
    if member.campaigns is not None:
        row["campaigns"] = ", ".join(member.campaigns)
    if front.chosen is not None:
        row["chosen"] = member.candidate.key == front.chosen.key
    row["candidate"] = member.candidate
    return row
