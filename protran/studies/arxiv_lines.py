"""The lines of a text file that may be large and may be compressed: one at a time, each with its number."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from protran.studies.texts import TextsError

LONGEST_BYTES = 1 << 24  # of one line; a file without line ends must not be read whole
GZIP_START = b"\x1f\x8b"
ZIP_START = b"PK\x03\x04"
MARK = b"\xef\xbb\xbf"


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line numbers from 1 and lines with their ends.

    Args:
        path: a file in UTF-8, as it is or packed by gzip (told by its first bytes, not by its name).

    Raises:
        TextsError: no such file, packed as .zip, damaged, a line that is no UTF-8 or far too long; names the line.
    """
    number = 0
    with _opened(path) as stream:
        while True:
            number += 1
            try:
                line = stream.readline(LONGEST_BYTES + 1)
            except (EOFError, OSError, zlib.error) as error:
                reason = " ".join(str(error).split())
                raise TextsError(
                    f"{path}:{number}: cannot be read from here on ({reason}); download the file again"
                ) from error
            if not line:
                return
            if len(line) > LONGEST_BYTES:
                raise TextsError(f"{path}:{number}: expected lines of at most {LONGEST_BYTES} bytes; is this a text?")
            try:
                yield number, line.removeprefix(MARK).decode("utf-8") if number == 1 else line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise TextsError(
                    f"{path}:{number}: expected text in UTF-8, got the byte {error.object[error.start]:#04x}; save the "
                    f"file as UTF-8 or remove the line"
                ) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if not path.is_file():
        raise TextsError(f"{path}: there is no such file; check the path")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise TextsError(f"cannot read {path} ({error.strerror}); check who may read it") from error
    with stream:
        start = stream.read(4)
        stream.seek(0)
        if start == ZIP_START:
            raise TextsError(f"{path}: expected text or gzip, got a .zip archive; unpack it and name the file inside")
        if start.startswith(GZIP_START):
            with gzip.open(stream, "rb") as unpacked:
                yield unpacked
        else:
            yield stream
