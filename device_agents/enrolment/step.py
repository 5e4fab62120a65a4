"""One step of an enrolment: a script that the device runs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One command on the device.

    Attributes:
        title: what it does, as a clause.
        script: POSIX shell script.
        advice: what to do next where it fails.
        stdin: what it reads; never shown.
        reads: what that is, for a reader; empty where it reads nothing.
        time_s: how long it may take.
    """

    title: str
    script: str
    advice: str
    stdin: bytes = b""
    reads: str = ""
    time_s: float = 120.0


def quoted(text: str) -> str:
    """Returns a text as one word of a POSIX shell."""
    return shlex.quote(text)
