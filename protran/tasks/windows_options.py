"""How a user's file is read, cut and split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protran.tasks.errors import TaskError
from protran.tasks.splitting import Fractions
from search_spaces.canonical import without_defaults

CSV_ONLY = ("window", "stride", "label", "group", "person", "channels")
"""Options that say how rows become labelled windows; an NPZ file holds those already."""


@dataclass(frozen=True)
class WindowsOptions:
    """Options of a task made from a CSV or NPZ file.

    Attributes:
        window: samples per window (CSV only; an NPZ is cut already).
        stride: samples from one window to the next (CSV only); None for half a window.
        patch: samples per patch of the model's embedding; None for about 30 patches a window.
        label: name of the label column (CSV).
        group: name of the recording column (CSV): windows never span two recordings, and sets share none.
        person: name of the person column (CSV): if given, sets share no person.
        channels: names of the channel columns (CSV); empty for every column that has no other use.
        validation_fraction: share of the windows for validation.
        test_fraction: share of the windows for the test.
        split_seed: another seed splits otherwise, and gives the task another version.
    """

    window: int = 128
    stride: int | None = None
    patch: int | None = None
    label: str = "label"
    group: str | None = None
    person: str | None = None
    channels: tuple[str, ...] = ()
    validation_fraction: float = 0.2
    test_fraction: float = 0.2
    split_seed: int = 0

    def __post_init__(self) -> None:
        for name in ("window", "stride", "patch"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise TaskError(f"{name} must be a whole number of at least 1, got {value!r}")
        if not isinstance(self.split_seed, int) or isinstance(self.split_seed, bool) or self.split_seed < 0:
            raise TaskError(f"split_seed must be a whole number of at least 0, got {self.split_seed!r}")
        if isinstance(self.channels, str):
            raise TaskError(f"channels must be a list of column names, got {self.channels!r}")
        object.__setattr__(self, "channels", tuple(self.channels))
        self.fractions  # noqa: B018 - checks them

    @property
    def fractions(self) -> Fractions:
        """The wanted sizes of validation and test. Raises `TaskError` where they are impossible."""
        return Fractions(self.validation_fraction, self.test_fraction)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> WindowsOptions:
        """Returns the options that `to_json` wrote. Raises `TaskError` on an unknown name or a bad value."""
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(str(name) for name in payload if name not in known)
        if unknown:
            raise TaskError(f"unknown task option {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**payload)
