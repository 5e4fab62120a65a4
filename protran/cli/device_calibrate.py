"""`protran device calibrate`: few-shot enrolment, a device from few probes and from what others have measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.conditions_options import (
    BatchOption,
    SequenceOption,
    TaskOption,
    conditions_of,
)
from protran.cli.failure import resumable
from protran.cli.ledger_options import RUNS, LedgerOption
from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from rich.console import Console

    from protran.fewshot.calibration import Calibration

_SPACE = "edge-small"


def calibrate(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="local, a device of the fleet, or a simulated one such as sim:rpi4.")
    ],
    probes: Annotated[int, typer.Option(min=2, help="How many candidates to measure and learn from.")] = 8,
    checks: Annotated[
        int, typer.Option(min=0, max=1000, metavar="N", help="Random candidates to measure too, which only judge.")
    ] = 0,
    space: Annotated[str, typer.Option(metavar="SPACE", help="The design space, or its YAML file.")] = _SPACE,
    task: TaskOption = None,
    sequence: SequenceOption = None,
    batch_size: BatchOption = 1,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal probes.")] = 0,
    pool: Annotated[
        int, typer.Option(min=2, max=4096, help="Candidates to choose from; 16: those that a campaign begins with.")
    ] = 256,
    ledger: LedgerOption = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the errors before and after (.png, .svg or .pdf).", dir_okay=False),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure a few telling candidates on a device, and say how well that predicts all others.

    What other devices in the ledger have measured of the space helps. Stop it with Ctrl-C whenever you like: the same
    command continues where it stopped, and measures nothing twice.

    Example: protran device calibrate sim:rpi4 --probes 8 --space flexibert-v2
    """
    from protran.fewshot.calibration import Plan
    from protran.fewshot.calibration import calibrate as run
    from protran.ledger.ledger import Ledger
    from protran.ledger.place import place_for
    from search_spaces.space import load_space

    if picture is not None:
        from protran.report.calibration_picture import check_picture

        check_picture(picture)
    chosen = load_space(space)
    plan = Plan(name, chosen, conditions_of(chosen, task, sequence, batch_size), probes, seed, pool, checks)
    plan.check()
    with resumable(), Ledger.open(place_for(RUNS, ledger)) as opened, calibration_bar(screen(stderr=True)) as observer:
        found = run(opened, plan, observer)
    _tell(found, picture, as_json=as_json)


def _tell(found: Calibration, picture: Path | None, *, as_json: bool) -> None:
    """Prints and draws what was found; raises `DeviceError` where no probe was measured."""
    from device_agents.errors import DeviceError
    from protran.cli.device_calibrate_table import print_calibration

    document = found.to_json()
    if picture is not None:
        from protran.report.calibration_picture import draw_calibration

        draw_calibration(document, picture)
    if as_json:
        print_json(document)
    else:
        print_calibration(screen(), document)
        if picture is not None:
            screen().print(f"drawn: {harmless(picture)}", soft_wrap=True)
    if not any(answer.ok for answer in found.answers):
        reason = document["probes"]["rows"][-1]["reason"]
        raise DeviceError(f"no probe was measured on {found.plan.device}: {reason}")


@contextmanager
def calibration_bar(console: Console) -> Iterator[Callable[[str, int, int], None] | None]:
    """Gives an observer that draws a bar where there is a terminal, else nothing."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # It is drawn between two probes only: a bar that moves takes processor time from what is being timed.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("probes", total=None)

        def observe(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total, refresh=True)

        yield observe
