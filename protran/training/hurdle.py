"""Early stopping of hopeless trainings: the accuracy that one must have reached after each epoch, to go on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protran.errors import InputError
from protran.ledger.evaluation import Evaluation

STOPPED = "stopped"
"""Name of a stop among an evaluation's details. Its status stays `ok`: it is an answer, with the scores of what was
reached by then."""


@dataclass(frozen=True)
class Stop:
    """A training that was stopped.

    Attributes:
        epoch: after which, from 1.
        reached: best validation accuracy until then.
        needed: what the hurdle asked for.
    """

    epoch: int
    reached: float
    needed: float

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object."""
        return {"epoch": self.epoch, "reached": self.reached, "needed": self.needed}


@dataclass(frozen=True)
class Hurdle:
    """The least validation accuracy with which a training may go on.

    Attributes:
        accuracies: after each epoch, from the first; later epochs have no hurdle, and 0 lets everything pass.

    Raises:
        InputError: there is none, or one is no share of one.
    """

    accuracies: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.accuracies:
            raise InputError("hurdle: expected the least accuracy after one epoch or more, got none; leave it out")
        for accuracy in self.accuracies:
            if isinstance(accuracy, bool) or not isinstance(accuracy, (int, float)) or not 0.0 <= accuracy <= 1.0:
                raise InputError(f"hurdle: an accuracy must be a number from 0 to 1, got {accuracy!r}")

    def stop(self, epoch: int, reached: float) -> Stop | None:
        """Returns the stop of a training whose best accuracy by `epoch` (from 1) is `reached`; None lets it go on."""
        needed = self.accuracies[epoch - 1] if epoch <= len(self.accuracies) else -math.inf
        return Stop(epoch, reached, needed) if reached < needed else None

    def to_json(self) -> list[float]:
        """Returns a JSON array."""
        return list(self.accuracies)

    @classmethod
    def from_json(cls, payload: Any) -> Hurdle:
        """Returns the hurdle that `to_json` wrote. Raises `InputError` on anything else."""
        if not isinstance(payload, list):
            raise InputError(f"hurdle: expected a JSON array, got {type(payload).__name__}")
        return cls(tuple(payload))


def stop_of(evaluation: Evaluation) -> Stop | None:
    """Returns how a training was stopped; None for one that ended by itself."""
    found: Mapping[str, Any] | None = evaluation.details.get(STOPPED)
    return None if found is None else Stop(int(found["epoch"]), float(found["reached"]), float(found["needed"]))
