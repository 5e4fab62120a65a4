"""The recipe: everything about a training that is not the architecture, the data, the effort or the seed."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from protran.errors import InputError
from search_spaces.canonical import without_defaults

DISTILLATION = 0.5
"""Weight of a teacher's answers where a campaign distils."""


class Schedule(str, Enum):
    """How the learning rate goes over the steps of a training: up and down again, or always the same."""

    ONE_CYCLE = "one-cycle"
    CONSTANT = "constant"


@dataclass(frozen=True)
class Recipe:
    """How weights are fitted: AdamW on a one-cycle schedule, label smoothing, augmentation, averaged weights.

    The defaults were chosen on people 1 to 7 of the `watch` task, in four folds of people; its test people had no part.

    Attributes:
        batch_size: windows per step.
        learning_rate: peak of the one-cycle schedule, at hidden size 32; scaled by (32 / hidden) ** 0.5 otherwise.
        warm_up: share of all steps in which the learning rate rises.
        weight_decay: AdamW's, on matrices only (not on biases, norms and positions).
        label_smoothing: probability given to all classes alike.
        dropout: inside the model.
        gradient_clip: largest norm of the gradient of one step.
        averaging: share of the newest weights in the running average that is scored, at each step.
        rotation_degrees: standard deviation of the angle by which the axes of a sensor are turned.
        scaling: standard deviation of the logarithm of the factor on a whole window.
        jitter: standard deviation of the noise on each sample, in units of the channel's standard deviation.
        masking: largest share of a window that is blanked.
        patience: epochs without a better validation loss after which the training stops.
        distillation: weight of a teacher's answers in the loss, the rest is that of the labels; 0 for no teacher.
        temperature: softens the teacher's and the student's answers where they are compared.
        schedule: of the learning rate; a constant one is `learning_rate` itself, whatever the hidden size.
        keeps_last: whether the weights of the last epoch are kept, whatever their validation loss.
    """

    batch_size: int = 64
    learning_rate: float = 1e-2
    warm_up: float = 0.2
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    dropout: float = 0.0
    gradient_clip: float = 1.0
    averaging: float = 0.05
    rotation_degrees: float = 15.0
    scaling: float = 0.1
    jitter: float = 0.05
    masking: float = 0.1
    patience: int = 15
    distillation: float = 0.0
    temperature: float = 2.0
    schedule: Schedule = Schedule.ONE_CYCLE
    keeps_last: bool = False

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "schedule", Schedule(self.schedule))
        except ValueError as error:
            known = ", ".join(schedule.value for schedule in Schedule)
            raise InputError(f"recipe: schedule must be one of {known}, got {self.schedule!r}") from error
        if not isinstance(self.keeps_last, bool):
            raise InputError(f"recipe: keeps_last must be true or false, got {self.keeps_last!r}")
        for name in ("batch_size", "patience"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(f"recipe: {name} must be a whole number of at least 1, got {value!r}")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise InputError(f"recipe: {name} must be a number from {low:g} to {high:g}, got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Recipe:
        """Returns the recipe that `to_json` wrote. Raises `InputError` on an unknown field or a bad value."""
        if not isinstance(payload, dict):
            raise InputError(f"recipe: expected a JSON object, got {type(payload).__name__}")
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(str(name) for name in payload if name not in known)
        if unknown:
            raise InputError(f"recipe: unknown field {unknown[0]!r}; known are {', '.join(known)}")
        return cls(**payload)


_RANGES = (
    ("learning_rate", 1e-8, 10.0),
    ("warm_up", 0.0, 0.9),
    ("weight_decay", 0.0, 10.0),
    ("label_smoothing", 0.0, 0.9),
    ("dropout", 0.0, 0.9),
    ("gradient_clip", 1e-6, 1e6),
    ("averaging", 1e-4, 1.0),
    ("rotation_degrees", 0.0, 180.0),
    ("scaling", 0.0, 2.0),
    ("jitter", 0.0, 10.0),
    ("masking", 0.0, 0.9),
    ("distillation", 0.0, 1.0),
    ("temperature", 0.1, 100.0),
)


STEADY_DEPTH = 4
"""Most layers that the full learning rate trains. The warm-up of deeper post-norm models can end in a loss that rises
for good: that of T1 (8 layers of 32) at 1e-2 on `watch` did so in each of four trainings, at half of it in none of two.

Source: Xiong et al., "On Layer Normalization in the Transformer Architecture" (arXiv:2002.04745)."""


def learning_rate_at(step: int, steps: int, recipe: Recipe, hidden: int, depth: int = 1) -> float:
    """Returns the learning rate of a step (0-based): a rise in a straight line, then half a cosine down to zero.

    Its peak is lower for wide models, and for those deeper than `STEADY_DEPTH`. That of a constant schedule is the
    recipe's own.

    Source: the one-cycle schedule of L. Smith and N. Topin, "Super-Convergence" (arXiv:1708.07120), without its last
    phase.
    """
    if recipe.schedule is Schedule.CONSTANT:
        return recipe.learning_rate
    peak = recipe.learning_rate * math.sqrt(32 / hidden) * min(1.0, STEADY_DEPTH / depth)
    rise = max(1, round(recipe.warm_up * steps))
    if step < rise:
        return peak * (step + 1) / rise
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))
