"""Runs a program as if it had been started without us: its streams, signals and exit code are its own."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from device_agents.clock import Clock, SystemClock
from device_agents.runner.process_memory import peak_resident_bytes
from protran.errors import InputError

RELAYED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_TYPED = frozenset({signal.SIGINT, signal.SIGQUIT})
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # Source: getrusage(2): KiB on Linux, bytes on macOS
_MARGIN_BYTES = 1 << 20  # the kernel counts resident pages in batches


@dataclass(frozen=True)
class ProgramRun:
    """What a program used until it ended.

    Attributes:
        exit_code: its own, or 128 + the number of the signal that ended it, as shells say it.
        signal_name: the signal that ended it; None where it left by itself.
        wall_s: from its start to its end.
        core_seconds: processor time of it and of those descendants that were waited for.
        peak_rss_bytes: the largest resident memory that one of these processes reached.
        peak_rss_at_most: the peak is an upper bound only: no process needed more than the one that started it did.
    """

    exit_code: int
    signal_name: str | None
    wall_s: float
    core_seconds: float
    peak_rss_bytes: int
    peak_rss_at_most: bool


def run_program(command: Sequence[str], clock: Clock | None = None) -> ProgramRun:
    """Runs `command` to its end; signals that reach this process in the meantime reach it too.

    Raises:
        InputError: the program cannot be started.
    """
    clock = clock or SystemClock()
    relay = _Relay()
    with _handled_by(relay):
        began_s = clock.wall_s()
        try:
            # Descriptors that a shell opened for the program are for the program: 3>file, a jobserver.
            child = subprocess.Popen(list(command), close_fds=False)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"expected a program to run, {command[0]!r} cannot be started: {reason}") from error
        relay.attach(child.pid)
        # From fork to exec a child counts the memory of its parent as its own: less than this cannot be seen.
        unseen_bytes = (peak_resident_bytes() or 0) + _MARGIN_BYTES
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = clock.wall_s() - began_s
        relay.detach()
    code = child.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait again
    peak_bytes = usage.ru_maxrss * _MAXRSS_UNIT
    return ProgramRun(
        exit_code=code if code >= 0 else 128 - code,
        signal_name=None if code >= 0 else _signal_name(-code),
        wall_s=wall_s,
        core_seconds=_core_seconds(usage),
        peak_rss_bytes=peak_bytes,
        peak_rss_at_most=peak_bytes <= unseen_bytes,
    )


class _Relay:
    """A signal handler that passes on what it gets; what comes before there is a child waits for it."""

    def __init__(self) -> None:
        self._pid: int | None = None
        self._pending: list[int] = []

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._pid is None:
            self._pending.append(number)
        elif not (number in _TYPED and _terminal_is_ours()):  # a terminal sends Ctrl-C to the child as well
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def attach(self, pid: int) -> None:
        self._pid = pid
        while self._pending:
            self(self._pending.pop(0), None)

    def detach(self) -> None:
        self._pid = None


def _terminal_is_ours() -> bool:
    """Returns whether this process group is in the foreground of a terminal, whose keys then reach all of it."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def _handled_by(relay: _Relay) -> Iterator[None]:
    # A signal that we were told to ignore (nohup, background jobs) is ignored by the program as well.
    before = {number: signal.getsignal(number) for number in RELAYED}
    ours = [number for number in RELAYED if before[number] is not signal.SIG_IGN]
    for number in ours:
        signal.signal(number, relay)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def _core_seconds(usage: resource.struct_rusage) -> float:
    return float(usage.ru_utime + usage.ru_stime)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no name
        return f"signal {number}"
