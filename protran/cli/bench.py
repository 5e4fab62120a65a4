"""`protran bench`: how good searches are on tables of measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from rich.console import Console

    from search_spaces.input_spec import InputSpec
    from search_spaces.space import DesignSpace

app = typer.Typer(help="Compare searches on tables of measurements.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Compare searches on tables of measurements."""


@app.command("search")
def search(
    table: Annotated[
        Path,
        typer.Option(metavar="TABLE.csv.gz", help="One architecture a row, with a column OBJECTIVE_smooth for each."),
    ],
    space: Annotated[str, typer.Option(metavar="SPACE", help="The design space of the table, or its YAML file.")],
    objectives: Annotated[str, typer.Option(metavar="COLUMNS", help="What is minimised: perplexity,latency_s.")],
    methods: Annotated[
        str, typer.Option(metavar="NAMES", help="protran, random, sobol, nsga2, tpe, gp, qlognehvi, boshnas.")
    ] = "protran,random",
    evaluations: Annotated[
        str, typer.Option(metavar="NUMBERS", help="After how many evaluated rows the hypervolume is told.")
    ] = "60,100,160",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method, with the seeds 0, 1, …")] = 10,
    reads: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="What the models read: tokens or windows (of the watch task). (default: as published tables)",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Keep every run here; runs that are there are not repeated.", dir_okay=False
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw hypervolume over evaluations (.png, .svg or .pdf).", dir_okay=False),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Let methods search a table: they see measured values, and are judged by values without noise.

    Example: protran bench search --table h100.csv.gz --space gpt-small --objectives perplexity,latency_s
    """
    from protran.benchmark.comparison import check_evaluations, compare, document
    from protran.benchmark.comparison import results as summed_up
    from protran.benchmark.judge import Judge
    from protran.benchmark.methods.registry import check_methods
    from protran.benchmark.pool import read_pool
    from protran.benchmark.run_file import RunFile
    from protran.cli.bench_table import print_results
    from search_spaces.space import load_space

    if picture is not None:
        from protran.report.search_curves import draw_curves
        from protran.report.surrogate_picture import check_picture

        check_picture(picture)
    names, numbers = check_methods(_words(methods, "--methods")), _numbers(evaluations)
    design = load_space(space)
    pooled = read_pool(table, design, _words(objectives, "--objectives"), _input_spec(reads, design))
    asked = check_evaluations(numbers, pooled)
    judge = Judge(pooled.smooth)
    kept = RunFile(results, pooled) if results is not None else None
    with progress_bar(screen(stderr=True), len(names) * seeds * asked[-1]) as observer:
        runs = compare(pooled, judge, names, range(seeds), asked[-1], keeper=kept, on_rows=observer)
    found = summed_up(runs, asked)
    if picture is not None:
        draw_curves(pooled.name, runs, picture)
    if as_json:
        print_json(document(pooled, found))
        return
    print_results(screen(), pooled, found)
    if picture is not None:
        screen().print(f"drawn: {harmless(picture)}", soft_wrap=True)


def _input_spec(kind: str | None, space: DesignSpace) -> InputSpec | None:
    """Returns what models that read this kind of input read; None where no kind is named."""
    from protran.cli.usual_inputs import usual_inputs
    from protran.errors import InputError

    if kind is None:
        return None
    known = usual_inputs(space.family)
    if kind not in known:
        raise InputError(f"--input must be one of {', '.join(known)}, what models of {space.name} read; got {kind!r}")
    return known[kind]


def _words(text: str, option: str) -> list[str]:
    """Returns the words of a text, which commas part."""
    from protran.errors import InputError

    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise InputError(f"{option}: expected words parted by commas, got {text!r}")
    return words


def _numbers(text: str) -> list[int]:
    from protran.errors import InputError

    words = _words(text, "--evaluations")
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise InputError(f"--evaluations: expected whole numbers parted by commas, got {text!r}")
    return [int(word) for word in words]


@contextmanager
def progress_bar(console: Console, total: int) -> Iterator[Callable[[int], None] | None]:
    """Gives an observer of further evaluations that draws a bar where there is a terminal, else nothing."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("evaluations"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("evaluations", total=total)
        yield lambda more: bar.advance(task, more)
