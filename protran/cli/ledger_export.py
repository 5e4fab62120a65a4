"""`protran ledger export`: takes all that the ledger holds to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.ledger_bar import rows_bar
from protran.cli.ledger_options import RUNS, LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.ledger.place import LedgerPlace
    from protran.ledger.table_files import TableFormat


def export(
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FOLDER", help="One .csv file a table, in this new folder.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FOLDER", help="One .parquet file a table, in this new folder.")
    ] = None,
    optuna: Annotated[
        str | None,
        typer.Option("--optuna", metavar="URL", help="Every campaign as a study, in this database of Optuna."),
    ] = None,
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the ledger as flat tables: measurements, evaluations, candidates, campaigns, and which campaign saw what.

    Values are in SI units, each with its standard error and its provenance beside it. All tables or nothing. In CSV a
    text that a spreadsheet would take for a formula gets an apostrophe in front.

    Example: protran ledger export --parquet tables
    """
    from protran.errors import InputError
    from protran.ledger.place import place_for
    from protran.ledger.table_files import TableFormat

    if sum(item is not None for item in (csv, parquet, optuna)) != 1:
        raise InputError("expected one of --csv FOLDER, --parquet FOLDER and --optuna URL; give one of them")
    place = place_for(RUNS, ledger)
    if optuna is not None:
        _to_optuna(place, optuna, as_json=as_json)
    elif csv is not None:
        _to_files(place, csv, TableFormat.CSV, as_json=as_json)
    elif parquet is not None:
        _to_files(place, parquet, TableFormat.PARQUET, as_json=as_json)


def _to_files(place: LedgerPlace, folder: Path, form: TableFormat, *, as_json: bool) -> None:
    from protran.ledger.ledger import Ledger
    from protran.ledger.table_files import write_tables

    with Ledger.open(place, read_only=True) as opened, rows_bar(screen(stderr=True)) as observer:
        done = write_tables(opened, folder, form, observer)
    if as_json:
        print_json({"ledger": str(place), **done.to_json()})
        return
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.rows.items())
    screen().print(f"{harmless(done.folder)}: {counts}, as {form.value}", soft_wrap=True)


def _to_optuna(place: LedgerPlace, url: str, *, as_json: bool) -> None:
    from protran.cli.export import print_study
    from protran.integration.optuna.campaign_study import export_campaign
    from protran.ledger.ledger import Ledger

    with Ledger.open(place, read_only=True) as opened:
        names = [record.name for record in opened.campaigns()]
    studies: list[dict[str, Any]] = []
    for name in names:
        done = export_campaign(name, url, runs=place.folder, ledger=place)
        studies.append(done.to_json())
        if not as_json:
            print_study(done)
    if as_json:
        print_json({"ledger": str(place), "studies": studies})
    elif not names:
        screen().print(f"{harmless(place)} holds no campaign; nothing exported", soft_wrap=True)
