"""Options that every task read from a user's files has: how large the sets are, and how they are drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from protran.tasks.errors import TaskError
from protran.tasks.splitting import Fractions
from search_spaces.canonical import without_defaults


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How the windows are split into three sets.

    Attributes:
        validation_fraction: share of the windows for validation.
        test_fraction: share of the windows for the test.
        split_seed: another seed splits otherwise, and gives the task another version.
    """

    validation_fraction: float = 0.2
    test_fraction: float = 0.2
    split_seed: int = 0

    def __post_init__(self) -> None:
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
    def from_json(cls, payload: Mapping[str, Any]) -> Self:
        """Returns the options that `to_json` wrote. Raises `TaskError` on an unknown name or a bad value."""
        shared = {field.name for field in dataclasses.fields(SplitOptions)}
        known = sorted((field.name for field in dataclasses.fields(cls)), key=lambda name: name in shared)
        unknown = sorted(str(name) for name in payload if name not in known)
        if unknown:
            raise TaskError(f"unknown task option {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**payload)
