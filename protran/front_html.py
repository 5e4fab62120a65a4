"""A front as HTML for notebooks: one table, escaped, with a little inline CSS and no script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from protran.quantities import Quantity, unit_of_value
from protran.units import format_with_error

if TYPE_CHECKING:
    from protran.front import Front, FrontCandidate

MOST_ROWS = 100
_CELL = "padding:2px 10px;text-align:right;white-space:nowrap"
_TEXT = "padding:2px 10px;text-align:left"
_CHOSEN = "background:rgba(0,114,178,.15);font-weight:bold"
_NOTE = "font-size:smaller;opacity:.75;margin:2px 0"


def html_of(front: Front) -> str:
    """Returns the members with their error bars, provenance in the head of a column, and the notes below.

    More than `MOST_ROWS` members are cut, and counted.
    """
    under = f" under {', '.join(budget.describe() for budget in front.budgets)}" if front.budgets else ""
    count = len(front.candidates)
    title = f"Front of {', '.join(front.campaigns)}{under}: {count} candidate{'' if count == 1 else 's'}"
    rows = "".join(_row(front, member) for member in front.candidates[:MOST_ROWS])
    notes = [*([front.chosen.sentence] if front.chosen else []), "± is one standard error", *front.notes]
    if count > MOST_ROWS:
        notes.insert(0, f"{count - MOST_ROWS} more are not shown; to_frame() has all")
    if not count and front.nearest_misses:
        nearest = front.nearest_misses[0]
        over = ", ".join(f"{name} by {100 * part:.3g} %" for name, part in nearest.excess.items())
        notes.insert(
            0, f"no candidate meets the budgets; the nearest, {nearest.member.candidate.key[:8]}, exceeds {over}"
        )
    below = "".join(f'<p style="{_NOTE}">{escape(note)}</p>' for note in notes)
    table = f'<div style="overflow-x:auto"><table>{_head(front)}{rows}</table></div>'
    return f"<div><p><b>{escape(title)}</b></p>{table}{below}</div>"


def _names(front: Front) -> list[str]:
    names = [item.name for item in front.objectives]
    for also in (Quantity.TEST_ERROR.value, Quantity.PARAMETERS.value):
        if also not in names and any(also in member.values for member in front.candidates):
            names.append(also)
    return names


def _head(front: Front) -> str:
    cells = []
    for name in _names(front):
        quantity, _, device = name.partition("@")
        label = Quantity(quantity).short_name.replace("_", " ").replace("-", " ")
        sources = sorted({m.values[name].provenance.value for m in front.candidates if name in m.values})
        told = "<br>".join(f"<small>{escape(text)}</small>" for text in (device, ", ".join(sources)) if text)
        cells.append(f'<th style="{_CELL}">{escape(label)}<br>{told}</th>')
    whose = f'<th style="{_TEXT}">campaign</th>' if _tells_whose(front) else ""
    return f'<thead><tr><th style="{_TEXT}">key</th>{"".join(cells)}{whose}<th style="{_TEXT}">layers</th></tr></thead>'


def _row(front: Front, member: FrontCandidate) -> str:
    chosen = front.chosen is not None and member.candidate.key == front.chosen.key
    cells = []
    for name in _names(front):
        value = member.values.get(name)
        text = "-" if value is None else format_with_error(value.value, value.stderr, unit_of_value(name))
        cells.append(f'<td style="{_CELL}">{escape(text)}</td>')
    whose = f'<td style="{_TEXT}">{escape(", ".join(member.campaigns or ()))}</td>' if _tells_whose(front) else ""
    hidden = "-".join(str(layer.hidden) for layer in member.candidate.architecture.layers)
    key = f"{'★ ' if chosen else ''}{member.candidate.key[:8]}"
    style = f' style="{_CHOSEN}"' if chosen else ""
    return (
        f'<tr{style}><td style="{_TEXT}"><code>{escape(key)}</code></td>{"".join(cells)}{whose}'
        f'<td style="{_TEXT}">hidden {escape(hidden)}</td></tr>'
    )


def _tells_whose(front: Front) -> bool:
    return any(member.campaigns is not None for member in front.candidates)
