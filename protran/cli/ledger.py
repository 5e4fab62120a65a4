"""`protran ledger`: brings tables of measurements into the ledger, and looks whether its file is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.conditions_options import (
    LEDGER,
    BatchOption,
    LedgerOption,
    SequenceOption,
    TaskOption,
    conditions_of,
)
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from rich.console import Console

    from protran.fewshot.table_import import Imported

app = typer.Typer(help="Bring measurements into the ledger, and check its file.", no_args_is_help=True)


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
    ledger: LedgerOption = LEDGER,
    as_json: JsonFlag = False,
) -> None:
    """Bring a table of measurements into the ledger, as a device of its own that nobody can ask.

    All of it or nothing; a second time changes nothing. Every value keeps the provenance `imported`.

    Example: protran ledger import h100.csv.gz --device h100 --space gpt-small
    """
    from protran.fewshot.imported_table import TableImport
    from protran.fewshot.table_import import import_table as run
    from protran.ledger.ledger import Ledger
    from search_spaces.space import load_space

    chosen = load_space(space)
    conditions = conditions_of(chosen, task, sequence, batch_size)
    asked = TableImport(table, device, chosen, conditions.input_spec, conditions.workload, per_sequence)
    asked.check()
    with Ledger.open(ledger) as opened, import_bar(screen(stderr=True)) as observer:
        imported = run(opened, asked, observer)
    if as_json:
        print_json({"ledger": str(ledger), **imported.to_json()})
    else:
        _print(imported, ledger)


@app.command("check")
def check(ledger: LedgerOption = LEDGER, as_json: JsonFlag = False) -> None:
    """Look whether the ledger's file is sound: its pages, and that no row refers to nothing. Ends with 1 if not.

    Example: protran ledger check
    """
    from protran.errors import LedgerError
    from protran.ledger.ledger import Ledger

    with Ledger.open(ledger, read_only=True) as opened:
        faults = opened.check()
    if as_json:
        print_json({"ledger": str(ledger), "sound": not faults, "faults": faults})
    if faults:
        raise LedgerError(f"ledger {ledger} is damaged: {'; '.join(faults[:3])}; restore a copy")
    if not as_json:
        screen().print(f"{harmless(ledger)} is sound", soft_wrap=True)


def _print(imported: Imported, ledger: Path) -> None:
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


@contextmanager
def import_bar(console: Console) -> Iterator[Callable[[str, int, int | None], None] | None]:
    """Gives an observer that draws a bar where there is a terminal, else nothing."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def observe(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield observe
