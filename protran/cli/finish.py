"""What is said when a front was found: the table, the picture's place, and the commands to try next."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from protran.cli.front_table import architecture_pairs, caption, front_table, shows_architectures
from protran.cli.terminal import harmless, print_pairs, screen
from protran.report.columns import Document, columns_of
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console

    from protran.front import Front
    from protran.ledger.place import LedgerPlace


def present(front: Front, name: str, place: LedgerPlace) -> None:
    """Prints the front of a finished campaign and what can be done with it."""
    document = front.to_json()
    console = screen()
    console.print(f"\nFront of {harmless(name)}: {how_many(len(document['candidates']), 'candidate')}", style="bold")
    print_front(console, document)
    picture = place.folder / name / "front.png"
    if picture.exists():
        console.print(f"Picture: {harmless(picture)}")
    console.print("\nNext:", style="bold")
    for command in next_commands(document, name, place):
        console.print(f"  {command}", soft_wrap=True)


def print_front(console: Console, document: Document) -> None:
    """Prints the table and its notes, or what comes nearest to the budgets where no candidate meets them."""
    if document["candidates"]:
        _print_table(console, document)
        console.print(caption(document), style="dim")
    else:
        _print_misses(console, document)
    for note in document.get("notes", []):
        console.print(f"note: {harmless(note)}")


def _print_misses(console: Console, document: Document) -> None:
    budgets = ", ".join(harmless(budget["text"]) for budget in document["budgets"])
    console.print(f"No candidate meets {budgets}." if budgets else "No candidate has a value of every objective yet.")
    misses = document.get("nearest_misses", [])
    if not misses:
        return
    console.print("The nearest misses:")
    _print_table(console, {**document, "candidates": misses})
    for miss in misses:
        over = ", ".join(f"{harmless(text)} by {_part(part)}" for text, part in miss["excess"].items())
        console.print(f"  {harmless(miss['key'])[:8]} is over the limit of {over}")


def _print_table(console: Console, document: Document) -> None:
    console.print(front_table(document, width=console.width))
    if not shows_architectures(console.width):
        console.print()
        print_pairs(console, architecture_pairs(document))
    console.print()


def _part(part: float | None) -> str:
    return "any amount" if part is None else f"{100 * part:.3g} %"


def next_commands(document: Document, name: str, place: LedgerPlace) -> list[str]:
    """Returns commands that a reader of this front may want next, ready to be pasted."""
    shown, options = shlex.quote(name), place.options
    commands = []
    budget = example_budget(document)
    if budget is not None:
        commands.append(f"protran pareto {shown} --budget '{budget}'{options}")
    commands.append(f"protran pareto {shown} --csv{options} > front.csv")
    commands.append(f"protran status {shown}{options}")
    return commands


def example_budget(document: Document) -> str | None:
    """Returns a budget that the middle of this front just meets, such as ``latency<=3ms``; None without candidates."""
    for column in columns_of(document):
        if column.name == "error" or column.maximise or not column.objective:
            continue
        values = sorted(
            candidate["values"][column.name]["value"]
            for candidate in document["candidates"]
            if candidate["values"].get(column.name, {}).get("value") is not None
        )
        if values:
            device = column.name.partition("@")[2]
            word = column.label.partition(" on ")[0].replace(" ", "-")
            where = f"@{device}" if device else ""
            return f"{word}{where}<={_round_up(values[len(values) // 2] / column.scale.factor)}{column.scale.symbol}"
    return None


def _round_up(number: float) -> str:
    """Returns the next number with two significant digits that is not smaller."""
    decimals = 1 - math.floor(math.log10(number)) if number > 0 else 0
    text = f"{math.ceil(number * 10**decimals) / 10**decimals:.{max(0, decimals)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
