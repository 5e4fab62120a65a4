"""Stanzas of Debian's package lists, one at a time, from files as they are or packed by gzip, xz or bzip2.

A stanza is lines `Field: value` up to an empty line; a line that begins with white space goes on with the field above.

Source: deb-control(5) and Debian Policy, section 5.1.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from protran.studies.texts import TextsError

LONGEST_BYTES = 1 << 20  # of one line, and of one stanza's lines together
MOST_BYTES = 1 << 31  # of a whole list; Debian's largest has a fiftieth of it
GZIP_START, XZ_START, BZIP2_START = b"\x1f\x8b", b"\xfd7zXZ", b"BZh"
PACKED_OTHERWISE = (b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd")  # lz4 as apt keeps its lists, and zstandard
ADVICE = "fetch the list again"


class Stanza(NamedTuple):
    """One package's fields, of those that were asked for, and the line of the first of all its fields, from 1."""

    line: int
    fields: dict[str, str]


def read_stanzas(path: Path, wanted: Collection[str]) -> Iterator[Stanza]:
    """Yields the stanzas of a list with their fields among `wanted`; lines of a value are parted by line ends.

    Raises:
        TextsError: no such file, packed in another way, damaged, no UTF-8, not in the layout, or far too long; names
            the line.
    """
    fields: dict[str, str] = {}
    name, begin, size = "", 0, 0
    for number, line in _lines(path):
        if not line.strip():
            if begin:
                yield Stanza(begin, fields)
            fields, name, begin, size = {}, "", 0, 0
            continue
        begin, size = begin or number, size + len(line)
        if size > LONGEST_BYTES:
            _refuse(path, number, f"expected packages of at most {LONGEST_BYTES} characters, got more from {begin} on")
        if line[0] in " \t":
            if not name:
                _refuse(path, number, "expected a field's name at the beginning of a package, got a line that goes on")
            if name in fields:
                fields[name] += "\n" + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or any(character.isspace() for character in name):
            _refuse(path, number, f'expected a line like "Package: name", got {line.strip()[:40]!a}')
        if name in fields:
            _refuse(path, number, f"expected the field {name} once a package, got it again")
        if name in wanted:
            fields[name] = value.strip()
    if begin:
        yield Stanza(begin, fields)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = total = 0
    with _opened(path) as stream:
        while True:
            number += 1
            try:
                line = stream.readline(LONGEST_BYTES + 1)
            except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
                reason = " ".join(str(error).split())
                raise TextsError(f"{path}:{number}: cannot be read from here on ({reason}); {ADVICE}") from error
            if not line:
                return
            total += len(line)
            if len(line) > LONGEST_BYTES or total > MOST_BYTES:
                _refuse(path, number, "expected a list of Debian's packages, got far more bytes than one has")
            try:
                yield number, line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                raise TextsError(
                    f"{path}:{number}: expected text in UTF-8, got the byte {byte:#04x}; {ADVICE}"
                ) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File]:
    if not path.is_file():
        raise TextsError(f"{path}: expected a list of Debian's packages, got no such file; check the path")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise TextsError(f"cannot read {path} ({error.strerror}); check who may read it") from error
    with stream:
        start = stream.read(6)
        stream.seek(0)
        if start.startswith(PACKED_OTHERWISE):
            raise TextsError(
                f"{path}: expected text, gzip, xz or bzip2, got a file packed in another way; unpack it, for example "
                f"with apt-helper cat-file"
            )
        if start.startswith(GZIP_START):
            with gzip.open(stream, "rb") as unpacked:
                yield unpacked
        elif start.startswith(XZ_START):
            with lzma.open(stream, "rb") as unxz:
                yield unxz
        elif start.startswith(BZIP2_START):
            with bz2.open(stream, "rb") as unbzip:
                yield unbzip
        else:
            yield stream


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise TextsError(f"{path}:{line}: {what}; {ADVICE}")
