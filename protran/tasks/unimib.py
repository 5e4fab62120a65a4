"""The task `unimib`: which of nine activities of daily living a smartphone in a trouser pocket felt.

The data cannot be shipped or fetched; the user names a folder of the original files (see `unimib_files`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protran.tasks.base import Task, TaskData, Windows
from protran.tasks.errors import TaskError
from protran.tasks.splitting import SETS, split_at_random, split_by_group
from protran.tasks.unimib_files import ACTIVITIES, AXES, OBTAINING, SAMPLES, UnimibFiles, read_unimib
from protran.tasks.unimib_options import UnimibOptions, UnimibSplit
from search_spaces.canonical import stable_key
from search_spaces.input_spec import InputKind, InputSpec

PATCH = 5
RANDOM_NOTE = (
    "The split is random: windows of the same person, and of the same recording, are in train and test, so scores are "
    "too good for people whom the model has never seen."
)


class UnimibTask(Task):
    """7,579 windows of three accelerometer axes at 50 Hz, from 30 people doing nine activities.

    What a model reads and predicts is known without the data, so the task can be listed before anyone has the files.

    Args:
        options: the folder and the split.
    """

    def __init__(self, options: UnimibOptions) -> None:
        self._options = options

    @property
    def name(self) -> str:
        """`unimib`."""
        return "unimib"

    @property
    def source(self) -> str:
        """`unimib`."""
        return "unimib"

    @property
    def options(self) -> Mapping[str, Any]:
        """The folder, absolute, and what differs from the defaults."""
        return self._options.to_json()

    @property
    def obtaining(self) -> str:
        """How a user gets the data, as half a sentence."""
        return OBTAINING

    @property
    def version(self) -> str:
        """Key of the files' content and the split; the same wherever the folder lies."""
        options = {name: value for name, value in self._options.to_json().items() if name != "folder"}
        return stable_key(
            "task", 1, {"task": "unimib", "sha256": self._files.digests, "patch": PATCH, "options": options}
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The nine activities, in the order of the files."""
        return ACTIVITIES

    @property
    def input_spec(self) -> InputSpec:
        """Windows of 3 channels and 151 samples in patches of 5, 9 classes."""
        return InputSpec(InputKind.WINDOWS, length=SAMPLES, classes=len(ACTIVITIES), channels=AXES, patch=PATCH)

    def load(self) -> TaskData:
        """Returns the three sets; read once.

        Raises:
            TaskError: no folder was named, a file is missing or damaged, or the windows cannot be split so.
        """
        return self._data

    @cached_property
    def _files(self) -> UnimibFiles:
        if self._options.folder is None:
            raise TaskError(f"the task unimib reads files that only you can get: {OBTAINING}")
        return read_unimib(Path(self._options.folder))

    @cached_property
    def _data(self) -> TaskData:
        windows, notes = self._files.windows, self._files.notes
        sets = self._sets(windows)
        train, validation, test = (windows.where(sets == number) for number in range(SETS))
        absent = [
            f"No window of class {name!r} is in the {place} set."
            for place, part in (("validation", validation), ("test", test))
            for index, name in enumerate(ACTIVITIES)
            if not (part.labels == index).any()
        ]
        leak = (RANDOM_NOTE,) if self._options.split is UnimibSplit.RANDOM else ()
        return TaskData(
            train, validation, test, self.input_spec, ACTIVITIES, axes=((0, 1, 2),), notes=(*leak, *notes, *absent)
        )

    def _sets(self, windows: Windows) -> npt.NDArray[np.int64]:
        """Returns the set of each window: 0 train, 1 validation, 2 test."""
        options = self._options
        try:
            if options.split is UnimibSplit.RANDOM:
                return split_at_random(windows.labels, options.fractions, options.split_seed)
            persons = len(np.unique(windows.persons))
            if persons < SETS:
                raise TaskError(
                    f"expected at least {SETS} persons so that train, validation and test share none, got {persons}; "
                    f"take the option split=random"
                )
            return split_by_group(windows.labels, windows.persons, options.fractions, options.split_seed)
        except TaskError as error:
            raise TaskError(f"{options.folder}: {error}") from error
