"""Makes sure that only one process runs a campaign; the lock dies with its process, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from protran.errors import CampaignBusyError, LedgerError


class CampaignLock:
    """A lock on one campaign, held from `acquire` to `release`.

    It is a lock of the operating system on a file beside the ledger (never deleted: a deleted file could be locked by
    two processes at once). The file says who holds it, for the message that the second process prints.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._file: int | None = None

    def acquire(self) -> CampaignLock:
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
            raise CampaignBusyError(
                f"campaign {self._name!r} is running already{holder}; wait for it, stop it, or choose another name"
            ) from None
        self._file = file
        self._sign(file)
        return self

    def release(self) -> None:
        """Gives the lock back; may be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> CampaignLock:
        return self if self._file is not None else self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

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
        return f" (process {facts['process']} on {facts['host']} since {facts['since']})"
    except (ValueError, KeyError, TypeError):
        return ""
