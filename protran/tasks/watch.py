"""The default task: which of seven shoulder exercises a smartwatch saw, for people it has never seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from protran.tasks.base import Task, TaskData, Windows
from protran.tasks.watch_source import CLASSES, SHA256, read_recordings
from protran.tasks.windowing import cut_windows
from search_spaces.canonical import stable_key
from search_spaces.input_spec import InputKind, InputSpec

WINDOW = 151  # samples: 3 s at 50 Hz, the shape of UniMiB SHAR
STRIDE = 75
PATCH = 5
AXES = 3  # accelerometer only
VALIDATION_PERSONS = (2, 6)
TEST_PERSONS = (8, 9, 10)
PEOPLE_NOTE = (
    "Validation is two people and the test three; error bars are over their recordings, and other people would differ "
    "by more."
)


class WatchTask(Task):
    """3,045 windows of three accelerometer axes at 50 Hz, from 140 recordings of 10 people doing 7 exercises.

    People 8 to 10 are the test set, two of the other seven the validation set. Labels were given by the exercise that
    the person was asked to do.
    """

    @property
    def name(self) -> str:
        """`watch`."""
        return "watch"

    @property
    def source(self) -> str:
        """`watch`."""
        return "watch"

    @property
    def options(self) -> Mapping[str, Any]:
        """None: scores of this task can be compared because it cannot be varied."""
        return {}

    @property
    def version(self) -> str:
        """Key of the data file, the cutting and the split."""
        split = {"validation": list(VALIDATION_PERSONS), "test": list(TEST_PERSONS)}
        cutting = {"window": WINDOW, "stride": STRIDE, "axes": AXES, "patch": PATCH}
        return stable_key("task", 1, {"task": "watch", "sha256": SHA256, "split": split, **cutting})

    @property
    def classes(self) -> tuple[str, ...]:
        """The seven exercises."""
        return CLASSES

    @property
    def input_spec(self) -> InputSpec:
        """Windows of 3 channels and 151 samples in patches of 5, 7 classes."""
        return InputSpec(InputKind.WINDOWS, length=WINDOW, classes=len(CLASSES), channels=AXES, patch=PATCH)

    def load(self) -> TaskData:
        """Returns the three sets; all three have different people.

        Raises:
            TaskError: the package is missing, its file is not the expected one, or the cache cannot be written.
        """
        windows = _all_windows()
        test = np.isin(windows.persons, TEST_PERSONS)
        validation = np.isin(windows.persons, VALIDATION_PERSONS)
        return TaskData(
            train=windows.where(~test & ~validation),
            validation=windows.where(validation),
            test=windows.where(test),
            input_spec=self.input_spec,
            classes=CLASSES,
            axes=((0, 1, 2),),
            notes=(PEOPLE_NOTE,),
        )


def _all_windows() -> Windows:
    recordings = read_recordings()
    parts = [cut_windows(samples[:, :AXES], WINDOW, STRIDE) for samples in recordings.split()]
    counts = [len(part) for part in parts]
    return Windows(
        signals=np.concatenate(parts),
        labels=np.repeat(recordings.labels, counts),
        recordings=np.repeat(np.arange(len(parts), dtype=np.int64), counts),
        persons=np.repeat(recordings.persons, counts),
    )
