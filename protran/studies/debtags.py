"""The text data set `debtags`: descriptions of Debian's packages with what volunteers say that they are used for.

Labels are the commonest tags of `use::` and `works-with::`. The lists change with time, so what was fetched once is
kept in the user's cache and read from there until `refresh` is asked for. Which packages are tested on follows from
the names of their sources alone, so that newer lists move none between training and test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from protran.studies.debtags_apt import fetched_lists
from protran.studies.debtags_join import join_lists
from protran.studies.text_fetch import Run, run_command
from protran.studies.text_options import flag, fractions, user_path, whole
from protran.studies.text_snapshot import (
    DamagedSnapshotError,
    Snapshot,
    labelled_documents,
    read_snapshot,
    write_snapshot,
)
from protran.studies.texts import TextData, TextsError, absence_notes, draw_validation
from protran.tasks.cache import cache_folder

TEST_SHARE = 0.25
CONVERSION = 1  # to be raised when lists are joined otherwise
NOTE = "Debtags are made by volunteers: a tag that is missing may apply all the same."


@dataclass(frozen=True, kw_only=True)
class DebtagsOptions:
    """How the data set is made.

    Attributes:
        top: how many tags are labels: the commonest; of equally common ones, the first by name.
        seed: draws validation; the test set does not depend on it.
        validation: its share of what is not for the test.
        refresh: whether lists are fetched and converted again.
        packages: the user's own list of packages, instead of fetched ones; needs `translation`.
        translation: the list of English descriptions that belongs to it.
    """

    top: int = 24
    seed: int = 0
    validation: float = 0.1
    refresh: bool = False
    packages: Path | None = None
    translation: Path | None = None

    def __post_init__(self) -> None:
        whole("top", self.top, 1)
        whole("seed", self.seed, 0)
        fractions(self.validation, TEST_SHARE)
        object.__setattr__(self, "refresh", flag("refresh", self.refresh))
        for name in ("packages", "translation"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, user_path(name, getattr(self, name)))
        if (self.packages is None) != (self.translation is None):
            given, absent = ("packages", "translation") if self.translation is None else ("translation", "packages")
            raise TextsError(f"expected packages and translation together, got {given} alone; give {absent}=FILE too")


def load_debtags(options: DebtagsOptions, run: Run = run_command) -> TextData:
    """Returns descriptions with their tags, from the cache if lists were converted before.

    Args:
        options: how the data set is made.
        run: runs apt-get; tests give their own.

    Raises:
        TextsError: the lists cannot be fetched, read or kept, or have too few packages or tags.
    """
    if options.packages is None or options.translation is None:
        return _data(_fetched(options.refresh, run), options)
    return _data(_given(options.packages, options.translation, options.refresh), options)


def _fetched(refresh: bool, run: Run) -> Snapshot:
    path = cache_folder() / f"debtags-{CONVERSION}.jsonl"
    if not refresh:
        try:
            kept = read_snapshot(path)
        except DamagedSnapshotError as error:  # today's lists may differ, so they do not silently take its place
            raise TextsError(f"{error}, or fetch today's lists with refresh=true") from error
        if kept is not None:
            return kept
    with fetched_lists(run) as lists:
        snapshot = join_lists(lists.packages, lists.translations, lists.origin)
    write_snapshot(path, snapshot)
    return snapshot


def _given(packages: Path, translation: Path, refresh: bool) -> Snapshot:
    version = hashlib.sha256(_hash(packages) + _hash(translation)).hexdigest()[:16]
    path = cache_folder() / f"debtags-{version}-{CONVERSION}.jsonl"
    try:
        kept = None if refresh else read_snapshot(path)
    except DamagedSnapshotError:  # the same lists give the same again
        kept = None
    if kept is not None:
        return kept
    origin = f"Package lists {packages.name} and {translation.name}, SHA-256 of both {version}…."
    snapshot = join_lists([packages], [translation], origin)
    write_snapshot(path, snapshot)
    return snapshot


def _hash(path: Path) -> bytes:
    if not path.is_file():
        raise TextsError(f"{path}: expected a list of Debian's packages, got no such file; check the path")
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise TextsError(f"cannot read {path} ({error.strerror}); check who may read it") from error


def _data(snapshot: Snapshot, options: DebtagsOptions) -> TextData:
    names = snapshot.label_names()[: options.top]
    if len(names) < options.top:
        raise TextsError(f"debtags: expected at least {options.top} tags, got {len(names)}; choose a smaller top")
    labelled = [entry for entry in snapshot.entries if not set(names).isdisjoint(entry.labels)]
    distinct = list({entry.text: entry for entry in reversed(labelled)}.values())[::-1]  # of equal texts, the first
    tested = [entry for entry in distinct if _is_tested(entry.group)]
    others = [entry for entry in distinct if not _is_tested(entry.group)]
    if not tested:
        raise TextsError(f"debtags: expected packages to test on, got none among {len(distinct)}; give longer lists")
    test = labelled_documents(tested, names)
    train, validation = draw_validation(labelled_documents(others, names), options.validation, options.seed)
    left_out = {
        **snapshot.left_out,
        "no kept tag": len(snapshot.entries) - len(labelled),
        "same text as a kept one": len(labelled) - len(distinct),
    }
    return TextData(
        train,
        validation,
        test,
        label_names=names,
        rows=len(snapshot.entries) + sum(snapshot.left_out.values()),
        left_out={reason: count for reason, count in left_out.items() if count},
        notes=(snapshot.origin, NOTE, *absence_notes(train, validation, test, names)),
        multi_label=True,
    )


def _is_tested(source: str) -> bool:
    """Returns whether the packages of `source` are in the test set: a quarter of all names, the same for ever."""
    number = int.from_bytes(hashlib.blake2b(source.encode("utf-8"), digest_size=8).digest(), "big")
    return number < TEST_SHARE * 2**64
