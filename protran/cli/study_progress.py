"""What is seen while a study runs: a bar in a terminal, a line for each finished piece anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from protran.cli.progress import duration
from protran.cli.terminal import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from protran.studies.progress import Observer, StudyStep


@contextmanager
def studying(console: Console) -> Iterator[Observer]:
    """Gives an observer whose steps are shown on `console` for as long as the context lasts."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda step: console.print(
            f"{step.done}/{step.total} {harmless(step.what)}, {_left(step)}", soft_wrap=True
        )
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"), TextColumn("{task.fields[what]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("study", total=None, left="", what="")
        yield lambda step: bar.update(
            task, total=step.total, completed=step.done, left=_left(step), what=harmless(step.what).replace("[", "(")
        )


def _left(step: StudyStep) -> str:
    return "estimating time left" if step.left_s is None else f"{duration(step.left_s)} left"
