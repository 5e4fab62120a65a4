"""One owner per device: the agents of one machine measure one after the other, whatever process they live in."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device_agents.clock import Clock, SystemClock
from device_agents.isolation.failure import FailureKind, JobFailed

SHARED_FOLDER = Path("/tmp")
"""Not what TMPDIR says: that may differ between two programs, and then neither would see the other's lock."""
POLL_S = 0.05
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in its place would block
_FOR_EVERY_USER = 0o666


class ExclusiveUse:
    """Lets one agent at a time measure on a device, by a lock on a file that ends with the process that holds it.

    Where the file cannot be opened or locked, measurements go on without it and `obstacle` says why: a device that
    another user's file blocks for good would be worse than one whose owner must take care.

    Args:
        identity: of the device; only its hash becomes a part of the file's name.
        folder: where the file is; one that all users of the machine share, if not given.
        clock: what waiting is timed with.
    """

    def __init__(self, identity: str, *, folder: Path | None = None, clock: Clock | None = None) -> None:
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.path = (folder or _shared_folder()) / f"protran-measuring-{digest}.lock"
        self._clock = clock or SystemClock()
        self._obstacle = ""

    @property
    def obstacle(self) -> str:
        """Why the device was not guarded when it was held last, one sentence; empty where it was."""
        return self._obstacle

    @contextmanager
    def held(self, patience_s: float) -> Iterator[None]:
        """Keeps other agents off the device as long as the context lasts; waits for one that measures now.

        Args:
            patience_s: how long to wait.

        Raises:
            JobFailed: of kind lost: another agent has not ended by then.
        """
        handle = self._waited_for(patience_s)
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def _waited_for(self, patience_s: float) -> int | None:
        """Returns the open file that holds the lock; None where there cannot be one."""
        began_s = self._clock.wall_s()
        while True:
            try:
                handle = _open(self.path)
            except OSError as error:
                self._obstacle = f"other agents are not kept off: cannot open {self.path} ({error.strerror})"
                return None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.utime(handle)  # else what tidies the folder up would take it away one day
            except BlockingIOError:
                os.close(handle)
            except OSError as error:
                os.close(handle)
                self._obstacle = f"other agents are not kept off: cannot lock {self.path} ({error.strerror})"
                return None
            else:
                self._obstacle = ""
                return handle
            if self._clock.wall_s() - began_s >= patience_s:
                raise JobFailed(
                    FailureKind.LOST,
                    f"lost: the device was still in use by another agent after {patience_s:g} s; wait until that has "
                    f"ended, or end it, and ask again",
                )
            self._clock.sleep(POLL_S)


def _open(path: Path) -> int:
    """Returns the file, open; makes it for every user if there is none.

    An existing one is opened without O_CREAT: in a folder for all users Linux refuses that to whoever does not own the
    file (fs.protected_regular).
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        try:
            handle = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, _FOR_EVERY_USER)
            os.fchmod(handle, _FOR_EVERY_USER)  # whatever the umask took away
        except FileExistsError:  # another agent was faster
            handle = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is no plain file")
    return handle


def _shared_folder() -> Path:
    return SHARED_FOLDER if SHARED_FOLDER.is_dir() else Path(tempfile.gettempdir())
