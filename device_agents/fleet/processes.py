"""Long-lived child processes: started apart from the terminal, ended with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from device_agents.errors import DeviceError
from device_agents.fleet.watchdog import holders

_TAIL_BYTES = 4000
_DRIVERS_LOG = "python-core-driver-"  # how Ray 2.60 calls the log of a program that connects to it


class ChildProcess:
    """A process in a session of its own, whose output goes to a file.

    Args:
        command: program and arguments.
        environment: its whole environment.
        log: where its output goes; what was there is replaced.
        folder: where it and its children have files open; who still has at the end is killed (see `end_holders`).

    Raises:
        DeviceError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> None:
        self.log = log
        self._folder = folder
        self._ended = False
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    list(command),
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # an interrupt at the terminal is for the parent, which then ends it
                )
        except OSError as error:
            raise DeviceError(f"cannot start {command[0]} ({error.strerror}); see `protran doctor`") from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Tells whether it runs."""
        return self._process.poll() is None

    def end(self, patience_s: float) -> None:
        """Asks it to end, and after `patience_s` kills it and whatever it started. May be called twice."""
        if self._ended:
            return  # its number may be another process's by now
        self._ended = True
        if self.alive():
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        end_holders(self._folder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)

    def last_words(self) -> str:
        """Returns the last line of its output that says something."""
        try:
            tail = self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        except OSError:
            return "no output"
        lines = [line.strip() for line in tail.splitlines() if line.strip()]
        told = [line for line in lines if "rror" in line or "PANIC" in line]
        return (told or lines or ["no output"])[-1][:300]


def end_holders(folder: Path) -> None:
    """Kills this user's processes that have a file below a folder open, until there is none.

    Programs that only use the Ray whose folder this is stay, a campaign for example: each keeps a log of its own there,
    even after it left.
    """
    for _ in range(20):
        found = holders(folder, spared=_DRIVERS_LOG)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
