"""The lock of a campaign whose ledger is a file: the operating system's, on a file beside it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from protran.errors import LedgerError
from protran.ledger.lock import CampaignLock, busy


class FileLock(CampaignLock):
    """A lock of the operating system on a file that is never deleted: two could lock a deleted one at once.

    The file says who holds it, for the message that the second process prints.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has it."""
        return self._file is not None

    def acquire(self) -> FileLock:
        """Takes the lock.

        Raises:
            CampaignBusyError: another process has it.
            LedgerError: the file cannot be written.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(f"cannot lock campaign {self._name!r}: {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _describe(os.read(file, 4096))
            os.close(file)
            raise busy(self._name, holder) from None
        self._file = file
        self._sign(file)
        return self

    def release(self) -> None:
        """Gives the lock back; may be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _sign(self, file: int) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since})
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, text.encode(), 0)
        except OSError:
            return  # a full disk: the lock itself holds, only its label is missing


def _describe(label: bytes) -> str:
    try:
        facts = json.loads(label)
        return f"process {facts['process']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError, TypeError):
        return ""
