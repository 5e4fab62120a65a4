"""Any CSV or NPZ file of a user's windows as a task."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.tasks.base import Task, TaskData, Windows
from protran.tasks.csv_windows import read_csv_windows
from protran.tasks.errors import TaskError
from protran.tasks.labelled import LabelledWindows
from protran.tasks.npz_windows import read_npz_windows
from protran.tasks.splitting import split_at_random, split_by_group
from protran.tasks.windows_options import CSV_ONLY, WindowsOptions
from search_spaces.canonical import stable_key
from search_spaces.input_spec import InputKind, InputSpec

SUFFIXES = (".csv", ".npz")
PATCHES = 30  # positions that a window is cut into where no patch is given
LEAK_NOTE = (
    "No group was given, so windows were split at random: overlapping windows of one recording may be in train and "
    "test, and scores may be too good."
)


class WindowsFileTask(Task):
    """Windows of a file; the version is a hash of the file's content and the options.

    Args:
        path: the file, .csv or .npz.
        options: how it is read, cut and split.

    Raises:
        TaskError: the file's name ends otherwise, or an option is not for files of its kind.
    """

    def __init__(self, path: Path, options: WindowsOptions) -> None:
        if path.suffix.lower() not in SUFFIXES:
            raise TaskError(f"{path}: expected a file that ends in {' or '.join(SUFFIXES)}, got {path.suffix!r}")
        alien = [option for option in options.to_json() if option in CSV_ONLY]
        if path.suffix.lower() == ".npz" and alien:
            raise TaskError(
                f"{path}: the option {alien[0]} is for .csv files only, an .npz file holds its windows and labels "
                f"already; leave the option out"
            )
        self._path, self._options = path, options

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self._path.stem

    @property
    def source(self) -> str:
        """The file's absolute path."""
        return str(self._path.resolve())

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that differ from the defaults."""
        return self._options.to_json()

    @cached_property
    def version(self) -> str:
        """Key of the file's content and the options."""
        digest = hashlib.sha256(self._content()).hexdigest()
        return stable_key("task", 1, {"task": "windows-file", "sha256": digest, "options": self._options.to_json()})

    @property
    def classes(self) -> tuple[str, ...]:
        """The distinct labels."""
        return self._data.classes

    @property
    def input_spec(self) -> InputSpec:
        """Shape of the windows, number of classes, patch."""
        return self._data.input_spec

    def load(self) -> TaskData:
        """Returns the three sets; read once."""
        return self._data

    @cached_property
    def _data(self) -> TaskData:
        content = self._content()
        if self._path.suffix.lower() == ".csv":
            labelled = read_csv_windows(content, str(self._path), self._options)
        else:
            labelled = read_npz_windows(content, str(self._path))
        if len(labelled.classes) < 2:
            raise TaskError(f"{self._path}: expected at least two classes, got one ({labelled.classes[0]!r})")
        try:
            return self._split(labelled)
        except TaskError as error:
            raise TaskError(f"{self._path}: {error}") from error

    def _split(self, labelled: LabelledWindows) -> TaskData:
        windows, groups = _windows(labelled)
        options, notes = self._options, labelled.notes
        if groups is None:
            sets = split_at_random(windows.labels, options.fractions, options.split_seed)
            notes = (*notes, LEAK_NOTE)
        else:
            sets = split_by_group(windows.labels, groups, options.fractions, options.split_seed)
        train, validation, test = (windows.where(sets == number) for number in range(3))
        absent = [
            f"No window of class {name!r} is in the {place} set."
            for place, part in (("validation", validation), ("test", test))
            for index, name in enumerate(labelled.classes)
            if not (part.labels == index).any()
        ]
        return TaskData(train, validation, test, self._spec(labelled), labelled.classes, notes=(*notes, *absent))

    def _spec(self, labelled: LabelledWindows) -> InputSpec:
        _, channels, length = labelled.signals.shape
        patch = self._options.patch or max(1, length // PATCHES)
        if patch > length:
            raise TaskError(f"the patch ({patch}) must not exceed the window ({length}); choose a smaller option patch")
        return InputSpec(
            InputKind.WINDOWS, length=length, classes=len(labelled.classes), channels=channels, patch=patch
        )

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise TaskError(f"cannot read {self._path} ({error.strerror}); check the path") from error


def _windows(labelled: LabelledWindows) -> tuple[Windows, npt.NDArray[np.int64] | None]:
    """Returns the windows and the groups that the sets must not share; None where the file names none."""
    recordings, persons = labelled.recordings, labelled.persons
    groups = persons if persons is not None else recordings
    alone = np.arange(len(labelled.labels), dtype=np.int64)
    if recordings is None:
        recordings = persons if persons is not None else alone
    windows = Windows(labelled.signals, labelled.labels, recordings, groups if groups is not None else recordings)
    return windows, groups
