"""Where the files of UniMiB SHAR lie, and how their windows are split."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from protran.tasks.errors import TaskError
from protran.tasks.splitting import Fractions
from search_spaces.canonical import without_defaults


class UnimibSplit(str, Enum):
    """By person, so that the test set is people the model has never seen; or at random, which leaks."""

    PERSON = "person"
    RANDOM = "random"


@dataclass(frozen=True)
class UnimibOptions:
    """Options of the task `unimib`.

    Attributes:
        folder: the user's folder of the original files, or the folder above their folder `data`; made absolute, so
            that a campaign finds it again from elsewhere. None until the data is needed.
        split: by person or at random.
        validation_fraction: share of the windows for validation.
        test_fraction: share of the windows for the test.
        split_seed: another seed splits otherwise, and gives the task another version.
    """

    folder: str | None = None
    split: UnimibSplit = UnimibSplit.PERSON
    validation_fraction: float = 0.2
    test_fraction: float = 0.2
    split_seed: int = 0

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
        if not isinstance(self.split_seed, int) or isinstance(self.split_seed, bool) or self.split_seed < 0:
            raise TaskError(f"split_seed must be a whole number of at least 0, got {self.split_seed!r}")
        self.fractions  # noqa: B018 - checks them

    @property
    def fractions(self) -> Fractions:
        """The wanted sizes of validation and test. Raises `TaskError` where they are impossible."""
        return Fractions(self.validation_fraction, self.test_fraction)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> UnimibOptions:
        """Returns the options that `to_json` wrote. Raises `TaskError` on an unknown name or a bad value."""
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(str(name) for name in payload if name not in known)
        if unknown:
            raise TaskError(f"unknown option {unknown[0]!r} of the task unimib; known are {', '.join(known)}")
        return cls(**payload)
