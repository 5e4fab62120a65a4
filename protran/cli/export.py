"""`protran export`: takes a model, or the whole campaign, to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.ledger_options import LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.integration.optuna.campaign_study import StudyExport
    from protran.ledger.place import LedgerPlace

RunsOption = Annotated[Path, typer.Option(help="The folder of the campaigns.")]


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign (`protran list` shows them).")],
    candidate: Annotated[
        str | None,
        typer.Argument(
            metavar="CANDIDATE", help="First digits of a verified candidate's key; or best: the least error."
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="onnx (default), torch, or hf: for transformers, stock architectures alone."),
    ] = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Write the int8 version of an fp32 candidate's weights (onnx).")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="The folder to make; it must not exist yet, or be empty.")] = None,
    optuna: Annotated[
        str | None,
        typer.Option(
            "--optuna", metavar="URL", help="Instead: the campaign as a study of the same name in this database."
        ),
    ] = None,
    runs: RunsOption = Path("runs"),
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a verified model home: weights, preprocessing, labels, a model card, and a script that runs it.

    Weights that the campaign did not keep are trained again.

    The exported model then answers the task's test set; by more than one window off the ledger's score, it is marked.

    With --optuna the whole campaign goes into a database of Optuna instead; a second time only adds what is new.

    Example: protran export demo best --out model

    Example: protran export demo --optuna sqlite:///studies.db
    """
    from protran.cli.export_model import export_model
    from protran.errors import InputError
    from protran.ledger.place import place_for

    place = place_for(runs, ledger)
    if optuna is None:
        export_model(name, candidate, form or "onnx", out, quantize=quantize, place=place, as_json=as_json)
        return
    if candidate is not None or form is not None or quantize or out is not None:
        raise InputError(
            "--optuna exports all of a campaign: expected nothing of one candidate beside it; leave it out"
        )
    _to_optuna(name, optuna, place, as_json)


def _to_optuna(name: str, url: str, place: LedgerPlace, as_json: bool) -> None:
    from protran.integration.optuna.campaign_study import export_campaign

    done = export_campaign(name, url, runs=place.folder, ledger=place)
    if as_json:
        print_json(done.to_json())
    else:
        print_study(done)


def print_study(done: StudyExport) -> None:
    """Says what of a campaign was added to a study."""
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
