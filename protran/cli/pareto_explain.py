"""Prints why a candidate is on a front, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.cli.front_table import line_of
from protran.cli.pareto_answer import show_answer
from protran.cli.terminal import harmless, print_pairs
from protran.quantities import unit_of_value
from protran.report.columns import Document, label_of
from protran.units import format_value, format_with_error

if TYPE_CHECKING:
    from rich.console import Console

    from protran.campaign.front_query import FrontQuery
    from protran.campaign.view import CampaignView

MOST_RIVALS = 5


def show_explanation(
    campaign: CampaignView,
    candidate: str,
    query: FrontQuery,
    beside: Sequence[str],
    plot: Path | None,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Explains a candidate and prints it.

    Raises:
        InputError: what `CampaignView.explain` refuses, or the picture cannot be drawn.
    """
    document = campaign.explain(candidate, query, beside=beside).to_json()
    if plot is not None:
        from protran.report.genes_picture import draw_genes

        draw_genes(document, plot)
    show_answer("explanation", document, explanation_rows, _print, plot, as_csv=as_csv, as_json=as_json)


def explanation_rows(document: Document) -> Iterator[list[object]]:
    """Yields the head and one row for each lead of a rival, missed budget, needed value and change of a gene."""
    yield ["kind", "who", "objective", "value", "stderr", "unit", "probability", "provenance"]
    for rival in document["dominated_by"]:
        for name, lead in rival["leads"].items():
            figures = [lead["value"], lead["stderr"], unit_of_value(name), lead["probability"]]
            yield ["dominated by", rival["key"], name, *figures, document["values"][name]["provenance"]]
    for budget in document["budgets_missed"]:
        yield ["budget missed", budget["text"], budget["name"], budget["value"], None, budget["unit"], None, None]
    for name, needed in document["needed"].items():
        yield [
            "needed, better than",
            document["key"],
            name,
            needed["better_than"],
            None,
            unit_of_value(name),
            None,
            None,
        ]
    for gene in document["genes"]:
        for name, change in gene["objectives"].items():
            figures = [change["change"], change["stderr"], unit_of_value(name), None, change["provenance"]]
            yield ["change of a gene", gene["change"], name, *figures]


def _print(console: Console, document: Document) -> None:
    where = "is on the front" if document["on_front"] else "is not on the front"
    console.print(f"{harmless(document['key'])[:8]} {where}: {harmless(line_of(document))}", style="bold")
    names = [objective["name"] for objective in document["objectives"]]
    values = {name: document["values"].get(name) for name in names}
    told = [f"{label_of(name)} {_value(name, value)}" for name, value in values.items() if value is not None]
    console.print(harmless("; ".join(told)))
    _print_rivals(console, document)
    for budget in document["budgets_missed"]:
        excess = "is not known" if budget["value"] is None else f"is {_number(budget['name'], budget['value'])}"
        part = "" if budget["excess"] is None else f", {100 * budget['excess']:.3g} % over the limit"
        console.print(harmless(f"It breaks {budget['text']}: the value {excess}{part}."))
    _print_genes(console, document)
    for note in document["notes"]:
        console.print(f"note: {harmless(note)}")


def _print_rivals(console: Console, document: Document) -> None:
    rivals = document["dominated_by"]
    if not rivals:
        console.print("No member of the front dominates it.")
        return
    console.print("\nDominated by", style="bold")
    rows: list[tuple[object, ...]] = [("key", "probability", "by how much")]
    for rival in rivals[:MOST_RIVALS]:
        leads = [f"{label_of(name)} {_lead(name, lead)}" for name, lead in rival["leads"].items()]
        rows.append((rival["key"][:8], f"{100 * rival['probability']:.3g} %", "; ".join(leads)))
    print_pairs(console, rows)
    if len(rivals) > MOST_RIVALS:
        console.print(f"and {len(rivals) - MOST_RIVALS} more")
    needed = [
        f"{label_of(name)} better than {_number(name, item['better_than'])}"
        for name, item in document["needed"].items()
    ]
    console.print(harmless(f"Nobody would dominate it with {', or '.join(needed)}, all else as it is."))


def _print_genes(console: Console, document: Document) -> None:
    if not document["genes"]:
        return
    console.print("\nWhat a change of one gene would do (predicted)", style="bold")
    names = list(document["genes"][0]["objectives"])
    rows: list[tuple[object, ...]] = [("change", *map(label_of, names), "of the front's range")]
    for gene in document["genes"]:
        cells = [_change(name, gene["objectives"][name]) for name in names]
        rows.append((gene["change"], *cells, f"{100 * gene['importance']:.0f} %"))
    print_pairs(console, rows)
    console.print()


def _lead(name: str, lead: Document) -> str:
    if lead["value"] == 0 and not lead["stderr"]:
        return "equal"
    return (
        f"{format_with_error(lead['value'], lead['stderr'], unit_of_value(name))} ({100 * lead['probability']:.3g} %)"
    )


def _change(name: str, change: Document) -> str:
    text = format_with_error(change["change"], change["stderr"], unit_of_value(name))
    return text if text.startswith("-") else f"+{text}"


def _value(name: str, value: Document) -> str:
    return format_with_error(value["value"], value["stderr"], unit_of_value(name))


def _number(name: str, value: Any) -> str:
    return format_value(value, unit_of_value(name), digits=4)
