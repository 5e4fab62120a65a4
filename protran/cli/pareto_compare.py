"""Prints how the fronts of two campaigns compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protran.cli.pareto_answer import show_answer
from protran.cli.terminal import harmless, print_pairs
from protran.quantities import unit_of_value
from protran.report.columns import Document, label_of
from protran.report.plural import how_many
from protran.units import format_value

if TYPE_CHECKING:
    from rich.console import Console

    from protran.campaign.front_query import FrontQuery
    from protran.campaign.view import CampaignView


def show_comparison(
    campaign: CampaignView,
    against: Sequence[str],
    query: FrontQuery,
    beside: Sequence[str],
    plot: Path | None,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Compares a campaign with others and prints it.

    Raises:
        InputError: what `CampaignView.compare` refuses, or the picture cannot be drawn.
    """
    document = campaign.compare(against, query, beside=beside).to_json()
    if plot is not None:
        from protran.report.comparison_picture import draw_comparison

        draw_comparison(document, plot)
    show_answer("comparison", document, comparison_rows, _print, plot, as_csv=as_csv, as_json=as_json)


def comparison_rows(document: Document) -> Iterator[list[object]]:
    """Yields the head, the figures of each side, its history, and the probability that it attains each goal."""
    yield ["campaigns", "figure", "of", "value", "low", "high"]
    for place, side in enumerate(document["sides"]):
        name, interval = " ".join(side["campaigns"]), side["interval"] or [None, None]
        yield [name, "members", "", len(side["members"]), None, None]
        yield [name, "hypervolume", "", side["hypervolume"], *interval]
        yield [name, "dominated_share", "", side["dominated_share"], None, None]
        yield [name, "surely_dominated_share", "", side["surely_dominated_share"], None, None]
        for run, history in side["history"].items():
            for count, volume in zip(history["evaluations"], history["hypervolume"], strict=True):
                yield [run, "hypervolume after evaluations", count, volume, None, None]
        for goal in document["attainment"]:
            yield [name, "attained", goal["goal"], goal["probabilities"][place], None, None]


def _print(console: Console, document: Document) -> None:
    first, second = (", ".join(side["campaigns"]) for side in document["sides"])
    console.print(f"{harmless(first)} against {harmless(second)}", style="bold")
    share = f"{100 * document['confidence']:g} %"
    rows: list[tuple[object, ...]] = [("", "members", "hypervolume", f"{share} interval", "dominated by the other", "")]
    for side in document["sides"]:
        low_high = "-" if side["interval"] is None else "{:.3f} to {:.3f}".format(*side["interval"])
        volume = "-" if side["hypervolume"] is None else f"{side['hypervolume']:.3f}"
        surely = f"({100 * side['surely_dominated_share']:.3g} % with {share})"
        name = ", ".join(side["campaigns"])
        dominated = f"{100 * side['dominated_share']:.3g} % of its members"
        rows.append((name, len(side["members"]), volume, low_high, dominated, surely))
    print_pairs(console, rows)
    if document["first_larger"] is not None:
        low, high = document["difference"]
        console.print(
            f"The hypervolume of {harmless(first)} is the larger with {100 * document['first_larger']:.3g} % by the "
            f"error bars; the difference is {low:.3f} to {high:.3f} with {share}."
        )
    corner = ", ".join(
        f"{label_of(name)} {format_value(value, unit_of_value(name))}" for name, value in document["reference"].items()
    )
    console.print(
        harmless(f"Reference point: {corner}; {how_many(document['draws'], 'draw')}, seed {document['seed']}.")
    )
    _print_attainment(console, document, first, second)
    for note in document["notes"]:
        console.print(f"note: {harmless(note)}")


def _print_attainment(console: Console, document: Document, first: str, second: str) -> None:
    console.print("\nProbability of a member at least as good in everything as", style="bold")
    rows: list[tuple[object, ...]] = [("", first, second)]
    owners = [set(side["members"]) for side in document["sides"]]
    for goal in document["attainment"]:
        whose = [name for name, keys in zip((first, second), owners, strict=True) if goal["goal"] in keys]
        shares = [f"{100 * part:.3g} %" for part in goal["probabilities"]]
        rows.append((f"{goal['goal'][:8]} of {' and '.join(whose)}", *shares))
    print_pairs(console, rows)
