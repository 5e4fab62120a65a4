"""Exports one candidate of a campaign, shows how far that is, and says what was made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.cli.progress import duration
from protran.cli.terminal import harmless, print_json, screen

if TYPE_CHECKING:
    from rich.console import Console

    from protran.deploy.events import ExportEvent, Observer
    from protran.deploy.exported import Exported
    from protran.ledger.place import LedgerPlace


def export_model(
    name: str, candidate: str | None, form: str, out: Path | None, *, quantize: bool, place: LedgerPlace, as_json: bool
) -> None:
    """Exports a candidate and prints where it lies and what it scores.

    Raises:
        ProTranError, SpaceError: as `CampaignView.export`; a wrong score after its JSON object was printed.
    """
    from protran.api import open_campaign
    from protran.deploy.errors import WrongScoresError
    from protran.errors import InputError

    campaign = open_campaign(name, runs=place.folder, ledger=place)
    if candidate is not None and out is None:
        raise InputError("expected a new folder to export to, got none; give --out FOLDER")
    try:
        with _watching(screen(stderr=True)) as observer:
            done = campaign.export(candidate, out or Path(), format=form, quantize=quantize, observer=observer)
    except WrongScoresError as error:
        if as_json:
            print_json(error.exported.to_json())
        raise
    if as_json:
        print_json(done.to_json())
    else:
        _print(done)


def _print(done: Exported) -> None:
    found, console = done.verification, screen()
    key = done.deployable.member.candidate.key[:8]
    weights = "kept weights" if done.kept else "weights trained again"
    source = "the ledger says" if found.expected_from == "ledger" else "scored now, for want of a score in the ledger,"
    folder = harmless(shlex.quote(str(done.folder)))
    windows = "window" if found.difference_windows == 1 else "windows"
    console.print(
        f"{key} of {harmless(done.deployable.campaign)} as {done.form.value} in {folder} ({weights})", soft_wrap=True
    )
    console.print(
        f"test accuracy {100 * found.accuracy:.2f} % ({found.correct} of {found.windows} windows, by the exported "
        f"model); {source} {100 * found.expected_accuracy:.2f} %: a difference of {found.difference_windows:.0f} "
        f"{windows}",
        soft_wrap=True,
    )
    if done.candidate.key != done.deployable.member.candidate.key and not done.deployable.measured.get(
        done.candidate.key
    ):
        console.print(
            f"note: latency and energy on the front are not of this file, which runs in "
            f"{done.candidate.deployment.runtime.value} as {done.candidate.deployment.precision.value}; "
            f"`protran profile {folder}/candidate.json` measures it",
            soft_wrap=True,
        )
    console.print(f"Next: python {folder}/run.py WINDOWS.npy; {folder}/README.md is its model card", soft_wrap=True)


@contextmanager
def _watching(console: Console) -> Iterator[Observer]:
    """Gives an observer that shows trainings: a bar in a terminal, a line for each of them anywhere else."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda event: _line(console, event)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("export", total=None, left="")
        yield lambda event: bar.update(task, **_state(event))


def _line(console: Console, event: ExportEvent) -> None:
    """Prints what a step begins with; passes of a training are not told one by one."""
    from protran.deploy.events import CheckBegan, TrainingBegan

    if isinstance(event, TrainingBegan):
        before = "" if event.expected_s is None else f", which took {duration(event.expected_s)} in the campaign"
        console.print(
            f"no weights were kept: training {event.what} again, {event.epochs} epochs{before}", soft_wrap=True
        )
    elif isinstance(event, CheckBegan):
        console.print(f"checking the exported model on {event.windows} test windows", soft_wrap=True)


def _state(event: ExportEvent) -> dict[str, Any]:
    """Returns what the bar shows after an event."""
    from protran.deploy.events import CheckBegan, TrainingBegan

    if isinstance(event, TrainingBegan):
        left = "" if event.expected_s is None else f"took {duration(event.expected_s)} in the campaign"
        what = f"training {event.what} again, epochs"
        return {"description": what, "completed": 0, "total": event.epochs, "left": left}
    if isinstance(event, CheckBegan):
        return {"description": "checking on the test set", "completed": 0, "total": 1, "left": ""}
    left_s = event.elapsed_s / event.epoch * (event.epochs - event.epoch)
    return {"completed": event.epoch, "left": f"{duration(left_s)} left"}
