"""A sweep over batch sizes and lengths: measured with a bar, then printed as one table and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from protran.cli.failure import INTERRUPTED
from protran.cli.profile_carbon import add_carbon
from protran.cli.profile_remarks import OK
from protran.cli.profile_sweep_results import Observer, Sweep, run_sweep
from protran.cli.profile_sweep_table import print_sweep
from protran.cli.terminal import harmless, print_json, screen
from protran.errors import ProTranError
from protran.report.plural import how_many

if TYPE_CHECKING:
    from rich.console import Console

    from protran.carbon.grid import Grid
    from protran.cli.profile_points import Point
    from protran.cli.profile_question import Question


class SweepInterrupted(ProTranError):
    """The user ended a sweep early; what was measured until then was printed."""

    exit_code: ClassVar[int] = INTERRUPTED


def profile_sweep(question: Question, picture: Path | None, *, grid: Grid | None = None, as_json: bool) -> None:
    """Measures every point of the question, prints them as one table or JSON object, and draws them.

    Raises:
        InputError: the picture cannot be written.
        DeviceError: no point was measured.
        SweepInterrupted: the user ended the sweep early; what was measured is printed and drawn.
    """
    if picture is not None:
        from protran.report.sweep_picture import check_picture

        check_picture(picture)
    with sweep_bar(screen(stderr=True), len(question.points)) as observer, question.opened() as ask:
        sweep = run_sweep(question.points, ask, observer)
    document = sweep.to_json(question.candidate)
    carbon = add_carbon(document["points"], grid)
    if as_json:
        print_json(document)
    else:
        print_sweep(screen(), question.candidate, document["points"], question.repeats)
        for line in carbon:
            screen().print(line, soft_wrap=True)
    if picture is not None and any(point["values"] for point in document["points"]):
        _draw(question, document["points"], picture)
        if not as_json:
            screen().print(f"drawn: {harmless(picture)}", soft_wrap=True)
    _end(question, sweep)


def _draw(question: Question, points: Sequence[dict[str, Any]], picture: Path) -> None:
    from protran.report.sweep_picture import draw_sweep

    title = f"{harmless(question.model)}, {question.points[0].workload.kind.value}"
    devices = dict.fromkeys(point.device for point in question.points)
    draw_sweep(title if len(devices) > 1 else f"{title} on {next(iter(devices))}", points, picture)


def _end(question: Question, sweep: Sweep) -> None:
    """Ends well where a point was measured and none is missing, else raises."""
    from device_agents.errors import DeviceError

    if sweep.interrupted:
        done = f"{len(sweep.results)} of {how_many(sweep.planned, 'point')}"
        raise SweepInterrupted(f"interrupted after {done}, which are printed")
    if all(result.status != OK for result in sweep.results):
        last = sweep.results[-1]
        raise DeviceError(
            f"{question.model} was measured at none of {how_many(sweep.planned, 'point')}; the last one, "
            f"{last.point.text}, {last.status}: {last.reason}"
        )


@contextmanager
def sweep_bar(console: Console, total: int) -> Iterator[Observer]:
    """Gives an observer that draws a bar where there is a terminal, else nothing."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda done, point: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    # It is drawn between two points only: a bar that moves takes processor time from what is being timed.
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        auto_refresh=False,
    )
    with bar:
        task = bar.add_task("", total=total)

        def observe(done: int, point: Point) -> None:
            bar.update(task, completed=done, description=harmless(point.text), refresh=True)

        yield observe
