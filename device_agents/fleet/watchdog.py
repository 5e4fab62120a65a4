"""Ends what a killed controller leaves of its Ray, and removes its folder.

The kernel ends Ray's raylet and state service together with the controller that started them. But two agents, children
of the raylet, then try for a minute to report its death to the state service, which is dead too; no setting of Ray
2.60 changes that. So a small process of its own waits at a pipe whose other end only the controller holds. Where the
pipe ends without a word, it kills whoever still has a file of the session's folder open: agents overwrite their
environment and their command line, their log files give them away.

It runs as ``python -I -S watchdog.py FOLDER``, imports nothing outside the standard library, and needs /proc: elsewhere
it finds nobody.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SETTLE_S = 2.0
"""The kernel's own kills come first; they take no longer."""
ROUNDS = 3
"""Times to look: who is just being started has no file open yet."""


@contextlib.contextmanager
def watchdog(folder: Path) -> Iterator[None]:
    """Keeps a watchdog for `folder` as long as this context lasts; it does nothing where the context ends in order."""
    dog = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt at the terminal is for the controller
    )
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the watchdog itself may have been killed
            dog.communicate(b"closed")


def main(folder: Path) -> None:
    """Waits for the controller's end, and cleans up where that came without a word."""
    if sys.stdin.buffer.read():
        return
    for _ in range(ROUNDS):
        time.sleep(SETTLE_S)
        for pid in holders(folder):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def holders(folder: Path, *, spared: str | None = None) -> list[int]:
    """Returns the processes of this user, but this one, that have a file below `folder` open.

    Args:
        folder: where the files are.
        spared: who has a file open there whose name begins so is left out.
    """
    inside = f"{folder}/"
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if entry.name.isdigit()]
    found = []
    for pid in numbers:
        names = [os.path.basename(path) for path in _open_files(pid) if path.startswith(inside)]
        if names and pid != os.getpid() and not (spared and any(name.startswith(spared) for name in names)):
            found.append(pid)
    return found


def _open_files(pid: int) -> list[str]:
    paths = []
    with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                paths.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return paths


if __name__ == "__main__":
    main(Path(sys.argv[1]))
