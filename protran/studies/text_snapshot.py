"""Converted texts in the user's cache: JSON lines, written whole or not at all, checked by their hash when read.

The first line is an object with `format`, `origin`, `left_out`, `rows` and `sha256` (of all the lines after it); each
line after it is a list: group, text, labels.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from protran.studies.texts import Documents, TextsError
from protran.tasks.cache import CACHE_VARIABLE

FORMAT = "protran-texts-1"


class Entry(NamedTuple):
    """One converted document.

    Attributes:
        group: what its set is decided by, as its source says.
        text: the document.
        labels: names of its labels.
    """

    group: str
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """Converted texts.

    Attributes:
        entries: the documents, in the order of the source.
        origin: a sentence about where they come from.
        left_out: why rows of the source are not among them, with their number.
    """

    entries: tuple[Entry, ...]
    origin: str
    left_out: Mapping[str, int] = field(default_factory=dict)

    def label_names(self) -> tuple[str, ...]:
        """Returns all labels, those of most documents first; of equally common ones, the first by name."""
        common = Counter(label for entry in self.entries for label in entry.labels)
        return tuple(sorted(common, key=lambda name: (-common[name], name)))


class DamagedSnapshotError(TextsError):
    """A file in the cache is not what was written there."""


def labelled_documents(entries: Iterable[Entry], names: tuple[str, ...]) -> Documents:
    """Returns documents with the numbers of those of their labels that are among `names`."""
    numbers = {name: number for number, name in enumerate(names)}
    kept = list(entries)
    return Documents(
        tuple(entry.text for entry in kept),
        tuple(tuple(sorted(numbers[label] for label in entry.labels if label in numbers)) for entry in kept),
    )


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Writes `snapshot` to a file that other processes see whole or not at all.

    Raises:
        TextsError: the folder cannot be written.
    """
    body = "".join(json.dumps(entry) + "\n" for entry in snapshot.entries).encode("ascii")
    header = {
        "format": FORMAT,
        "origin": snapshot.origin,
        "left_out": dict(snapshot.left_out),
        "rows": len(snapshot.entries),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(json.dumps(header).encode("ascii") + b"\n" + body)
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
    except OSError as error:
        raise unwritable(path.parent, error) from error


def read_snapshot(path: Path) -> Snapshot | None:
    """Returns what `write_snapshot` wrote; None if nothing was written there.

    Raises:
        DamagedSnapshotError: the file is another one, or is cut or changed.
        TextsError: the file cannot be read.
    """
    try:
        head, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TextsError(f"cannot read {path} ({error.strerror}); check who may read it") from error
    try:
        header: dict[str, Any] = json.loads(head)
        if header["format"] != FORMAT or header["sha256"] != hashlib.sha256(body).hexdigest():
            raise ValueError("another format or hash")
        entries = tuple(Entry(group, text, tuple(labels)) for group, text, labels in map(json.loads, body.splitlines()))
        return Snapshot(entries, str(header["origin"]), dict(header["left_out"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedSnapshotError(
            f"{path}: expected converted texts as they were written, got a damaged file; remove it"
        ) from error


def unwritable(folder: Path, error: OSError) -> TextsError:
    """Returns the error to raise where the cache's `folder` cannot be written."""
    return TextsError(
        f"cannot write converted texts to {folder} ({error.strerror}); set {CACHE_VARIABLE} to a folder that can be "
        f"written"
    )
