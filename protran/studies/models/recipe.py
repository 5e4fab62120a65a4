"""How the models of a study are fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from protran.errors import InputError
from protran.studies.models.contestants import Contestant
from search_spaces.canonical import without_defaults

PRETRAINED_RATE, PRETRAINED_HIDDEN = 3e-4, 384
"""The largest rate that Turc et al. (github.com/google-research/bert) try, for models up to MiniLM's width.

A wider model takes smaller steps, by the square of the width: 7.5e-5 for BERT-base.
"""
SCRATCH_RATE, SCRATCH_HIDDEN = 1e-3, 128
"""For models up to that width; a wider one takes smaller steps, by the square root."""


@dataclass(frozen=True)
class FineTuning:
    """AdamW with a linear rise and fall of the learning rate; the epoch of the least validation loss is kept.

    Attributes:
        epochs: passes over the training documents.
        learning_rate: at its peak.
        batch_size: documents per step.
        warm_up: share of the steps in which the rate rises.
        weight_decay: AdamW's, on matrices only.
        dropout: inside the model.
        gradient_clip: largest norm of the gradient of one step.
        threads: of the processor.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 16
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    gradient_clip: float = 1.0
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "threads"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}; give a larger number")

    def rate_at(self, step: int, steps: int) -> float:
        """Returns the learning rate of a step (0-based).

        Source: the schedule of Devlin et al., "BERT" (arXiv:1810.04805), appendix A.2.
        """
        rise = max(1, round(self.warm_up * steps))
        if step < rise:
            return self.learning_rate * (step + 1) / rise
        return self.learning_rate * (steps - step) / max(1, steps - rise)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)


def recipe_for(contestant: Contestant, *, epochs: int, scratch_epochs: int, threads: int) -> FineTuning:
    """Returns how a model is fitted: one with weights in a few small steps, one without in more and larger ones."""
    widest = max(layer.hidden for layer in contestant.architecture.layers)
    if contestant.weights is not None:
        rate = PRETRAINED_RATE * min(1.0, (PRETRAINED_HIDDEN / widest) ** 2)
        return FineTuning(epochs, rate, threads=threads)
    rate = SCRATCH_RATE * min(1.0, math.sqrt(SCRATCH_HIDDEN / widest))
    return FineTuning(scratch_epochs, rate, threads=threads)
