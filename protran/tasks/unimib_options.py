"""Where the files of UniMiB SHAR lie, and how their windows are split."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from protran.tasks.errors import TaskError
from protran.tasks.split_options import SplitOptions


class UnimibSplit(str, Enum):
    """By person, so that the test set is people the model has never seen; or at random, which leaks."""

    PERSON = "person"
    RANDOM = "random"


@dataclass(frozen=True, kw_only=True)
class UnimibOptions(SplitOptions):
    """Options of the task `unimib`.

    Attributes:
        folder: the user's folder of the original files, or the folder above their folder `data`; made absolute, so
            that a campaign finds it again from elsewhere. None until the data is needed.
        split: by person or at random.
    """

    folder: str | None = None
    split: UnimibSplit = UnimibSplit.PERSON

    def __post_init__(self) -> None:
        if self.folder is not None:
            if not isinstance(self.folder, (str, Path)) or not str(self.folder):
                raise TaskError(f"folder must be the path of a folder, as text, got {self.folder!r}")
            object.__setattr__(self, "folder", os.path.abspath(os.path.expanduser(self.folder)))
        try:
            object.__setattr__(self, "split", UnimibSplit(self.split))
        except ValueError as error:
            known = " or ".join(split.value for split in UnimibSplit)
            raise TaskError(f"split must be {known}, got {self.split!r}") from error
        super().__post_init__()
