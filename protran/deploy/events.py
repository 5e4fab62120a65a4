"""What an export tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class TrainingBegan:
    """Weights were not kept, so they are trained again.

    Attributes:
        what: whose: ``the model``, or ``its teacher``.
        epochs: passes that it takes.
        expected_s: what the same training took in the campaign; None where nobody knows.
    """

    what: str
    epochs: int
    expected_s: float | None


@dataclass(frozen=True)
class EpochDone:
    """One pass of that training is done, of so many, after so many seconds."""

    epoch: int
    epochs: int
    elapsed_s: float


@dataclass(frozen=True)
class CheckBegan:
    """The folder's own script answers the test set, of so many windows."""

    windows: int


ExportEvent: TypeAlias = TrainingBegan | EpochDone | CheckBegan
Observer: TypeAlias = Callable[[ExportEvent], None]


def nobody(event: ExportEvent) -> None:
    """Watches nothing."""
