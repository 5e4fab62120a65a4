"""Lines of bytes over pipes, with deadlines on the monotonic clock.

Client and server share this file; it runs on Python 3.10 and imports nothing outside the standard library.
"""

from __future__ import annotations

import os
import select
import time

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longest message either way. A job's result is JSON numbers; more than this is a mistake, not a result."""

_CHUNK_BYTES = 65536


class LineTooLong(ValueError):
    """The other end sent more than `MAX_LINE_BYTES` without ending the line."""


class LineReader:
    """Collects lines from a pipe without ever blocking longer than asked."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.ended = False
        self._buffer = bytearray()
        self._searched = 0  # so that a long line is not searched from its start at every chunk

    def fill(self) -> None:
        """Reads what a readable pipe holds now; sets `ended` at its end. Blocks if there is nothing to read.

        Raises:
            LineTooLong: the unfinished line exceeds `MAX_LINE_BYTES`.
        """
        chunk = os.read(self.fd, _CHUNK_BYTES)
        self.ended = not chunk
        self._buffer += chunk
        if len(self._buffer) > MAX_LINE_BYTES and b"\n" not in chunk:
            raise LineTooLong(f"expected a line of at most {MAX_LINE_BYTES} bytes, got a longer one")

    def drain(self) -> None:
        """Reads all that the pipe holds now, without waiting for more.

        Raises:
            LineTooLong: the unfinished line exceeds `MAX_LINE_BYTES`.
        """
        while not self.ended and select.select([self.fd], [], [], 0)[0]:
            self.fill()

    def take_line(self) -> bytes | None:
        """Returns the next whole line without its newline, or None if there is none yet."""
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line

    def read_line(self, deadline_s: float) -> bytes | None:
        """Returns the next line, or None at the end of the pipe.

        Raises:
            TimeoutError: the monotonic clock reached `deadline_s` first.
            LineTooLong: the line exceeds `MAX_LINE_BYTES`.
        """
        while True:
            line = self.take_line()
            if line is not None or self.ended:
                return line
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0 or not select.select([self.fd], [], [], remaining_s)[0]:
                raise TimeoutError
            self.fill()


def write_all(fd: int, data: bytes, deadline_s: float | None = None) -> None:
    """Writes `data` to a pipe.

    With a deadline the pipe must be non-blocking: a reader that stopped reading cannot hold the writer for longer.

    Raises:
        BrokenPipeError: the reader is gone.
        TimeoutError: the monotonic clock reached `deadline_s` first.
    """
    view = memoryview(data)
    while view:
        if deadline_s is not None:
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0 or not select.select([], [fd], [], remaining_s)[1]:
                raise TimeoutError
        view = view[os.write(fd, view) :]
