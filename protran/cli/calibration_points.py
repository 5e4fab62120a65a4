"""The plateaus of a calibration with their watts: held here while a plug meter is read, or given by the user."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from protran.cli.terminal import harmless, screen
from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.power_calibration.holding import Held
    from device_agents.power_calibration.plateau import PlateauWatts

_REDRAWS_PER_SECOND = 2  # each costs processor time that the meter sees


def calibration_points(readings: Path | None, watts: str | None, seconds: float) -> tuple[PlateauWatts, ...]:
    """Returns the plateaus with their watts, from wherever the user has these.

    Args:
        readings: the plug meter's log, which covers the loads once they have run.
        watts: the watts of all plateaus, read before, so that nothing is run.
        seconds: how long to hold each plateau, or how long each was held.

    Raises:
        InputError: there is no way to learn the watts, or there are two.
        DeviceError: a load failed, or the watts cannot be.
    """
    from device_agents.power_calibration.given_watts import parse_watts, point_of, unattended_points
    from device_agents.power_calibration.machine_load import usable_cores

    if readings is not None and watts is not None:
        raise InputError("expected --readings or --watts, got both; leave one out")
    if watts is not None:
        return unattended_points(parse_watts(watts), len(usable_cores()), seconds)
    if readings is None:
        if not sys.stdin.isatty():
            raise InputError("expected --readings, --watts or a terminal to ask for the watts; none is there")
        typed: list[PlateauWatts] = []
        _hold_all(seconds, lambda held: typed.append(point_of(held, _ask_watts(held))))
        return tuple(typed)
    if not readings.absolute().parent.is_dir():
        raise InputError(f"--readings must be a file in a folder that exists, got {str(readings)!r}")
    return _logged(readings, _hold_all(seconds, lambda held: None))


def _hold_all(seconds: float, then: Callable[[Held], None]) -> list[Held]:
    """Holds every plateau on this machine, with a progress bar on standard error; tells `then` of each."""
    from device_agents.power_calibration.holding import hold, this_machine
    from device_agents.power_calibration.machine_load import usable_cores
    from device_agents.power_calibration.plateau import Plateau

    machine = this_machine(usable_cores())
    done = []
    for number, plateau in enumerate(Plateau, start=1):
        with _bar(f"{number}/{len(Plateau)} {plateau.value}", seconds) as observe:
            done.append(hold(plateau, seconds, machine, observe))
        then(done[-1])
    return done


@contextmanager
def _bar(label: str, seconds: float) -> Iterator[Callable[[float], None]]:
    """Gives an observer of the seconds that have passed: a bar in a terminal, else one line at the begin."""
    console = screen(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        console.print(f"{label}: {seconds:g} s")
        yield lambda elapsed_s: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(label),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        refresh_per_second=_REDRAWS_PER_SECOND,
    )
    with bar:
        task = bar.add_task(label, total=seconds)
        yield lambda elapsed_s: bar.update(task, completed=elapsed_s)


def _ask_watts(held: Held) -> float:
    question = f"{held.plateau.value}: mean watts of the last {held.duration_s:.0f} s at the plug"
    while True:
        power_w = float(typer.prompt(question, type=float, err=True))
        if 0 < power_w < math.inf:
            return power_w
        screen(stderr=True).print(f"expected watts above 0, got {power_w:g}")


def _logged(readings: Path, done: Sequence[Held]) -> tuple[PlateauWatts, ...]:
    """Returns the plateaus with the means of the log; in a terminal, asks for a log that is not there yet."""
    from device_agents.errors import DeviceError
    from device_agents.power_calibration.given_watts import point_of
    from device_agents.power_calibration.plug_log import read_plug_log

    while True:
        try:
            log = read_plug_log(readings)
            return tuple(point_of(held, log.mean_w(held, done[0].began_utc_s)) for held in done)
        except DeviceError as error:
            if not sys.stdin.isatty():
                raise DeviceError(f"{error}; the loads ran, in UTC: {_timetable(done)}") from error
            screen(stderr=True).print(f"{harmless(error)}\nThe loads ran, in UTC: {_timetable(done)}", soft_wrap=True)
            typer.prompt("Save the log there, then press Enter", default="", show_default=False, err=True)


def _timetable(done: Sequence[Held]) -> str:
    ends = [(held, held.began_utc_s, held.began_utc_s + held.duration_s) for held in done]
    return ", ".join(f"{held.plateau.value} {_clock(first_s)} to {_clock(last_s)}" for held, first_s, last_s in ends)


def _clock(utc_s: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(utc_s, UTC).strftime("%H:%M:%S")
