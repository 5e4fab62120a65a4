"""Fidelity: how much effort a training gets. Low to choose among many, full to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protran.errors import InputError
from search_spaces.canonical import without_defaults


@dataclass(frozen=True)
class Fidelity:
    """Effort of one training.

    Attributes:
        epochs: passes over the share of the training data.
        share: share of the training windows, drawn alike from every class.
        refit: fits to the validation set too, and so has no validation score: for what has been chosen already.
    """

    epochs: int
    share: float = 1.0
    refit: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or isinstance(self.epochs, bool) or self.epochs < 1:
            raise InputError(f"fidelity: epochs must be a whole number of at least 1, got {self.epochs!r}")
        if isinstance(self.share, bool) or not isinstance(self.share, (int, float)) or not 0 < self.share <= 1:
            raise InputError(f"fidelity: share must be a number above 0 and at most 1, got {self.share!r}")
        if not isinstance(self.refit, bool):
            raise InputError(f"fidelity: refit must be true or false, got {self.refit!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Fidelity:
        """Returns the fidelity that `to_json` wrote. Raises `InputError` on anything else."""
        try:
            return cls(**payload)
        except TypeError as error:
            raise InputError(f"fidelity: expected {{epochs, share, refit}}, got {payload!r}") from error
