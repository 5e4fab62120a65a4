"""`protran pareto`: the front of a campaign, under budgets that may be new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen
from protran.report.columns import Document

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def pareto(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign (`protran list` shows them).")],
    device: Annotated[str | None, typer.Option(help="Only this device's objectives.")] = None,
    objectives: Annotated[
        str | None, typer.Option(help="Other objectives than the campaign's, for example error,memory.")
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="A hard limit such as 'latency<=20ms', instead of the campaign's own on the same quantity and device; "
            "may be repeated."
        ),
    ] = None,
    across: Annotated[
        str | None,
        typer.Option(
            help="worst or mean: candidates that are good on all devices, by their worst or their mean values."
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="Members must keep each budget with this probability, such as 0.95, by their error bars."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table on standard output.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Also draw the front to this .png, .svg or .pdf file.")] = None,
    runs: RunsOption = Path("runs"),
    as_json: JsonFlag = False,
) -> None:
    """Show the non-dominated candidates of a campaign that meet the budgets, with error bars.

    The campaign's own budgets hold too, apart from those that a --budget replaces: that one may be looser.

    Units: ns us ms s, uJ mJ J, uW mW W, B kB MB GB, %.

    Where no candidate meets the budgets, the nearest misses are shown and the exit code is still 0.

    Example: protran pareto demo --budget 'latency<=3ms' --budget 'accuracy>=80%' --plot front.png
    """
    from protran.api import open_campaign
    from protran.errors import InputError

    if as_csv and as_json:
        raise InputError("--csv and --json exclude each other; give one of them")
    wanted = [word.strip() for word in objectives.split(",") if word.strip()] if objectives is not None else None
    campaign = open_campaign(name, runs=runs)
    front = campaign.front(
        device=device, objectives=wanted, budgets=tuple(budget or ()), across=_way(across), confidence=confidence
    )
    document = front.to_json()
    if plot is not None:
        campaign.draw(front, plot)
    if as_json:
        print_json(document)
    elif as_csv:
        _print_csv(document)
    else:
        _print(document, name, plot)


def _way(text: str | None) -> str | None:
    """Returns the way to look across devices that a user named."""
    from protran.errors import InputError

    if text not in (None, "worst", "mean"):
        raise InputError(f"--across must be worst or mean; got {text!r}")
    return text


def _print(document: Document, name: str, plot: Path | None) -> None:
    from protran.cli.finish import print_front
    from protran.report.plural import how_many

    console = screen()
    budgets = ", ".join(harmless(budget["text"]) for budget in document["budgets"])
    under = f" under {budgets}" if budgets else ""
    console.print(
        f"Front of {harmless(name)}{under}: {how_many(len(document['candidates']), 'candidate')}", style="bold"
    )
    print_front(console, document)
    if plot is not None:
        console.print(f"Picture: {harmless(plot)}")


def _print_csv(document: Document) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows(csv_rows(document))
    sys.stdout.flush()


def csv_rows(document: Document) -> Iterator[list[object]]:
    """Yields the head and one row for each candidate: values in SI units, their errors, units and provenance."""
    import json

    from protran.cli.front_table import line_of

    objectives = [objective["name"] for objective in document["objectives"]]
    others = dict.fromkeys(name for candidate in document["candidates"] for name in candidate["values"])
    names = [*objectives, *(name for name in others if name not in objectives)]
    fields = ("value", "stderr", "unit", "provenance")
    yield [
        "key",
        "summary",
        *(f"{name}{'' if f == 'value' else '_' + f}" for name in names for f in fields),
        "architecture",
    ]
    for candidate in document["candidates"]:
        values = [candidate["values"].get(name, {}).get(field) for name in names for field in fields]
        genes = json.dumps(candidate["architecture"], separators=(",", ":"))
        yield [candidate["key"], line_of(candidate), *values, genes]
