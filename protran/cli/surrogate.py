"""`protran surrogate`: how good the surrogates are on measurements that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen
from protran.evaluate.probes import Probes

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Judge surrogates on tables of measurements.", no_args_is_help=True)


@app.callback()
def surrogate() -> None:
    """Judge surrogates on tables of measurements."""


@app.command("evaluate")
def evaluate(
    profiles: Annotated[
        Path,
        typer.Option(metavar="TABLE.csv.gz", help="One architecture a row (column `architecture`, JSON), SI units."),
    ],
    space: Annotated[str, typer.Option(metavar="SPACE", help="The design space of the table, or its YAML file.")],
    sources: Annotated[
        list[Path] | None,
        typer.Option(metavar="TABLE", help="Tables of other devices to learn from, same space; may be repeated."),
    ] = None,
    more_sources: Annotated[
        list[Path] | None, typer.Argument(metavar="[TABLE]...", help="More tables after the one of --sources.")
    ] = None,
    train: Annotated[
        str, typer.Option(metavar="SIZES", help="Training rows, or fractions of the training part: 8,16,1.0.")
    ] = "8,16,1.0",
    test_fraction: Annotated[float, typer.Option(help="Share of the rows that is held out.")] = 0.2,
    repeats: Annotated[int, typer.Option(min=1, help="How many random splits.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal splits and results.")] = 0,
    model: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="May be repeated; auto picks one without test rows.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="What to predict: latency_s,energy_j,peak_power_w.")
    ] = None,
    probes: Annotated[
        Probes, typer.Option(help="Training rows at random, or chosen so that few of them tell much.")
    ] = Probes.RANDOM,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the errors too (.png, .svg or .pdf).", dir_okay=False)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit surrogates to a few rows of a table, again and again, and judge them on held-out rows.

    Example: protran surrogate evaluate --profiles gpu_a100_b128_r3.csv.gz --space flexibert-v2 --train 8,16,1.0
    """
    from protran.cli.surrogate_table import print_results
    from protran.errors import InputError
    from protran.evaluate.document import document
    from protran.evaluate.evaluation import Plan
    from protran.evaluate.evaluation import evaluate as run
    from protran.evaluate.source_tables import read_sources
    from protran.evaluate.splits import TrainSize
    from protran.tables.reading import read_table
    from search_spaces.space import load_space

    if more_sources and not sources:
        raise InputError(
            f"expected options, got {harmless(more_sources[0])}; name tables of other devices by --sources"
        )
    if picture is not None:
        from protran.report.surrogate_picture import check_picture, draw_evaluation

        check_picture(picture)
    sizes = tuple(TrainSize.parse(size) for size in _words([train], "--train"))
    models = tuple(_words(model, "--model") if model else ["auto"])
    plan = Plan(models, sizes, test_fraction, repeats, seed, probes)
    chosen = load_space(space)
    table = read_table(profiles, chosen, _words(target, "--target") if target else None)
    others = read_sources([*(sources or []), *(more_sources or [])], chosen, table)
    with progress_bar(screen(stderr=True)) as observer:
        results = run(table, chosen, plan, observer, others)
    if picture is not None:
        draw_evaluation(table.name, results, picture)
    if as_json:
        print_json(document(table.name, results))
        return
    print_results(screen(), table, results)
    if picture is not None:
        screen().print(f"drawn: {harmless(picture)}", soft_wrap=True)


def _words(texts: Sequence[str], option: str) -> list[str]:
    """Returns the words of all texts, which commas part."""
    from protran.errors import InputError

    words = [word.strip() for text in texts for word in text.split(",")]
    if not all(words):
        raise InputError(f"{option}: expected words parted by commas, got {','.join(texts)!r}")
    return words


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None] | None]:
    """Gives an observer that draws a bar where there is a terminal, else nothing."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("fits"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("fits", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
