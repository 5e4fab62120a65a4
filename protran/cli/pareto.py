"""`protran pareto`: the fronts of campaigns, under budgets, objectives and preferences that may be new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen
from protran.report.columns import Document

if TYPE_CHECKING:
    from protran.campaign.front_query import FrontQuery
    from protran.campaign.view import CampaignView

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def pareto(
    name: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="The campaign, or several of one ledger (`protran list` shows them)."),
    ],
    device: Annotated[list[str] | None, typer.Option(help="Only this device's objectives; may be repeated.")] = None,
    objectives: Annotated[
        list[str] | None,
        typer.Option(
            "--objective",
            "--objectives",
            help="Other objectives than the campaign's: any that was measured, for example error or latency@pi, or "
            "several with commas; may be repeated.",
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help="A hard limit such as 'latency<=20ms', instead of the campaign's own on the same quantity and device; "
            "may be repeated. Without @DEVICE it holds on every device that is looked at."
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
    dominance: Annotated[
        str,
        typer.Option(
            help="mean; or confident: a candidate leaves the front only where another dominates it with the "
            "--confidence (0.95) by the error bars."
        ),
    ] = "mean",
    prefer: Annotated[
        str | None, typer.Option(help="Choose a member: knee, or weights such as error=2,latency=1.")
    ] = None,
    reference_point: Annotated[
        str | None,
        typer.Option(
            metavar="POINT", help="Choose the member nearest to what you would like: 'error<=25%,latency<=1ms'."
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Why a candidate is on the front, or why not, and which genes matter."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Compare with the front of another campaign; may be repeated."),
    ] = None,
    predicted: Annotated[
        bool,
        typer.Option("--predicted", help="Also the front that the surrogates predict, apart from what was measured."),
    ] = False,
    sample: Annotated[
        int, typer.Option(min=0, help="With --predicted: look at so many new candidates of the space, too.")
    ] = 0,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a CSV table on standard output.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Also draw to this .png, .svg or .pdf file.")] = None,
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the non-dominated candidates of campaigns that meet the budgets, with error bars. Nothing new is measured.

    The campaign's own budgets hold too, apart from those that a --budget replaces: that one may be looser.

    Units: ns us ms s, uJ mJ J, uW mW W, B kB MB GB, %.

    Where no candidate meets the budgets, the nearest misses are shown and the exit code is still 0.

    Example: protran pareto demo --budget 'latency<=3ms' --budget 'accuracy>=80%' --prefer knee --plot front.png
    """
    from protran.api import open_campaign
    from protran.errors import InputError

    if as_csv and as_json:
        raise InputError("--csv and --json exclude each other; give one of them")
    if explain is not None and against:
        raise InputError("--explain and --against exclude each other; give one of them")
    if sample and not predicted:
        raise InputError("--sample is of candidates to predict; give --predicted too")
    asked: dict[str, Any] = {
        "device": tuple(device or ()),
        "objectives": _words(objectives),
        "budgets": tuple(budget or ()),
        "across": across,
        "confidence": confidence,
        "dominance": dominance,
        "prefer": prefer,
        "reference_point": reference_point,
    }
    campaign, beside = open_campaign(name[0], runs=runs, ledger=ledger), tuple(name[1:])
    if explain is not None:
        from protran.cli.pareto_explain import show_explanation

        show_explanation(campaign, explain, _query(asked), beside, plot, as_csv=as_csv, as_json=as_json)
    elif against:
        from protran.cli.pareto_compare import show_comparison

        show_comparison(campaign, against, _query(asked), beside, plot, as_csv=as_csv, as_json=as_json)
    else:
        samples = sample if predicted else None
        _show_front(campaign, name, asked, beside, plot, samples, as_csv=as_csv, as_json=as_json)


def _words(objectives: Sequence[str] | None) -> list[str] | None:
    if not objectives:
        return None
    return [word.strip() for text in objectives for word in text.split(",") if word.strip()]


def _query(asked: dict[str, Any]) -> FrontQuery:
    from protran.campaign.front_query import FrontQuery

    return FrontQuery.of(**asked)


def _show_front(
    campaign: CampaignView,
    names: Sequence[str],
    asked: dict[str, Any],
    beside: Sequence[str],
    plot: Path | None,
    samples: int | None,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Prints the front, and where `samples` is a number, the predicted one apart from it."""
    from protran.cli.pareto_csv import print_csv

    others: dict[str, Any] = {"beside": beside} if beside else {}
    front = campaign.front(**asked, **others)
    believed = None if samples is None else campaign.predicted(_query(asked), samples=samples, **others)
    document = {**front.to_json(), **({} if believed is None else {"predicted": believed.to_json()})}
    if plot is not None:
        campaign.draw(front, plot, **({**others} if believed is None else {**others, "predicted": believed}))
    if as_json:
        print_json(document)
    elif as_csv:
        print_csv(document)
    else:
        _print(document, ", ".join(names), plot)


def _print(document: Document, name: str, plot: Path | None) -> None:
    from protran.cli.finish import print_front
    from protran.report.plural import how_many

    console = screen()
    budgets = ", ".join(harmless(budget["text"]) for budget in document["budgets"])
    under = f" under {budgets}" if budgets else ""
    for title, shown in (("Front", document), ("\nPredicted front", document.get("predicted"))):
        if shown is None:
            continue
        count = how_many(len(shown["candidates"]), "candidate")
        console.print(f"{title} of {harmless(name)}{under}: {count}", style="bold")
        print_front(console, shown)
        if chosen := shown.get("chosen"):
            console.print(f"Chosen (*): {harmless(chosen['key'])[:8]}, {harmless(chosen['sentence'])}")
    if plot is not None:
        console.print(f"Picture: {harmless(plot)}")
