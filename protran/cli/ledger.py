"""`protran ledger`: brings tables of measurements into the ledger, takes them out, and looks whether it is sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli import ledger_export
from protran.cli.conditions_options import (
    BatchOption,
    SequenceOption,
    TaskOption,
    conditions_of,
)
from protran.cli.ledger_bar import rows_bar
from protran.cli.ledger_options import RUNS, LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from protran.fewshot.table_import import Imported
    from protran.ledger.place import LedgerPlace

app = typer.Typer(help="Bring measurements into the ledger, take them out, and check it.", no_args_is_help=True)
app.command("export")(ledger_export.export)


@app.command("import")
def import_table(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE.csv.gz", help="One architecture a row (column `architecture`, JSON), SI units."),
    ],
    device: Annotated[str, typer.Option(metavar="NAME", help="What to call the device of the table.")],
    space: Annotated[str, typer.Option(metavar="NAME", help="The design space of the table, or its YAML file.")],
    task: TaskOption = None,
    sequence: SequenceOption = None,
    batch_size: BatchOption = 1,
    per_sequence: Annotated[
        bool, typer.Option("--per-sequence", help="Its seconds and joules are of one sequence, not of a batch.")
    ] = False,
    ledger: LedgerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Bring a table of measurements into the ledger, as a device of its own that nobody can ask.

    All of it or nothing; a second time changes nothing. Every value keeps the provenance `imported`.

    Example: protran ledger import h100.csv.gz --device h100 --space gpt-small
    """
    from protran.fewshot.imported_table import TableImport
    from protran.fewshot.table_import import import_table as run
    from protran.ledger.ledger import Ledger
    from protran.ledger.place import place_for
    from search_spaces.space import load_space

    chosen = load_space(space)
    conditions = conditions_of(chosen, task, sequence, batch_size)
    asked = TableImport(table, device, chosen, conditions.input_spec, conditions.workload, per_sequence)
    asked.check()
    place = place_for(RUNS, ledger)
    with Ledger.open(place) as opened, rows_bar(screen(stderr=True)) as observer:
        imported = run(opened, asked, observer)
    if as_json:
        print_json({"ledger": str(place), **imported.to_json()})
    else:
        _print(imported, place)


@app.command("check")
def check(ledger: LedgerOption = None, as_json: JsonFlag = False) -> None:
    """Look whether the ledger is sound: what its database stores, and that nothing is missing. Ends with 1 if not.

    Example: protran ledger check
    """
    from protran.errors import LedgerError
    from protran.ledger.ledger import Ledger
    from protran.ledger.place import place_for

    place = place_for(RUNS, ledger)
    with Ledger.open(place, read_only=True) as opened:
        faults = opened.check()
    if as_json:
        print_json({"ledger": str(place), "sound": not faults, "faults": faults})
    if faults:
        raise LedgerError(f"ledger {place} is damaged: {'; '.join(faults[:3])}; restore a copy")
    if not as_json:
        screen().print(f"{harmless(place)} is sound", soft_wrap=True)


def _print(imported: Imported, ledger: LedgerPlace) -> None:
    from protran.report.plural import how_many

    values = ", ".join(f"{name} of {count}" for name, count in imported.values.items())
    rows = how_many(imported.rows, "row")
    console = screen()
    if imported.added:
        console.print(
            f"{harmless(imported.device)}: {rows} imported into {harmless(ledger)} ({values})", soft_wrap=True
        )
        if imported.skipped:
            console.print(f"skipped: {how_many(imported.skipped, 'row')} without any value", soft_wrap=True)
    else:
        file = harmless(imported.origin["file"])
        console.print(f"{harmless(imported.device)}: {file} is there already, {rows}; nothing added", soft_wrap=True)
