"""Runs the package clients that fetch texts: one command at a time, without a shell, with a limit of time."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protran.studies.texts import TextsError

LIMIT_S = 900.0
LONGEST_REASON = 200  # characters of what a client said
_SECRET = re.compile(r"(?<=//)[^/\s@]*@")  # a user and password in an address


@dataclass(frozen=True)
class Finished:
    """What a command left: its exit status, standard output and standard error."""

    status: int
    output: str
    complaints: str

    @property
    def reason(self) -> str:
        """The line that tells most: an error, else a warning that something failed, else the last one. Shortened."""
        said = [" ".join(line.split()) for line in self.complaints.splitlines() if line.strip()]
        errors = [line for line in said if line.lower().startswith(("e:", "err:", "error"))]
        failures = [line for line in said if "fail" in line.lower()]
        chosen = (errors or failures or said[-1:] or [f"exit status {self.status}, without a word"])[0]
        chosen = _SECRET.sub("", chosen)
        return chosen if len(chosen) <= LONGEST_REASON else chosen[: LONGEST_REASON - 1] + "…"


Run = Callable[[Sequence[str]], Finished]
"""Runs a command to its end. Raises `FileNotFoundError` or `TextsError`."""


def run_command(command: Sequence[str]) -> Finished:
    """Returns how `command` ended; its messages are in English.

    Raises:
        FileNotFoundError: there is no such program.
        TextsError: it may not be run, or did not end in time.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TextsError(
            f"expected {command[0]} to end within {LIMIT_S:g} s, got no end; check the network, then try again"
        ) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TextsError(f"cannot run {command[0]} ({error.strerror}); check who may run it") from error
    return Finished(done.returncode, done.stdout, done.stderr)
