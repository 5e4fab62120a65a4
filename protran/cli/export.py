"""`protran export`: takes a campaign to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.integration.optuna.campaign_study import StudyExport

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign (`protran list` shows them).")],
    optuna: Annotated[
        str | None,
        typer.Option("--optuna", metavar="URL", help="Into this database of Optuna, as a study of the same name."),
    ] = None,
    runs: RunsOption = Path("runs"),
    as_json: JsonFlag = False,
) -> None:
    """Write a campaign, finished or not, into a database of Optuna, whose dashboard then shows it.

    One trial for each candidate, with its genes as parameters. A second time only adds what is new.

    Example: protran export demo --optuna sqlite:///studies.db
    """
    from protran.errors import InputError

    if optuna is None:
        raise InputError("expected where to export to; give --optuna sqlite:///FILE.db")
    _to_optuna(name, optuna, runs, as_json)


def _to_optuna(name: str, url: str, runs: Path, as_json: bool) -> None:
    from protran.integration.optuna.campaign_study import export_campaign

    done = export_campaign(name, url, runs=runs)
    if as_json:
        print_json(done.to_json())
    else:
        _print(done)


def _print(done: StudyExport) -> None:
    from protran.report.plural import how_many

    console = screen()
    words = {"complete": "complete", "pruned": "profiled alone", "fail": "failed"}
    counts = ", ".join(f"{count} {words[state]}" for state, count in done.added.items() if count)
    added = how_many(sum(done.added.values()), "trial")
    console.print(
        f"{harmless(done.study)}: {added} added to {harmless(done.database)}{f' ({counts})' if counts else ''}, "
        f"{done.present} there already",
        soft_wrap=True,
    )
