"""Distillation: a model learns from the answers of a better one, beside the labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.recipe import Recipe
from search_spaces.models import EncoderModel


@dataclass(frozen=True)
class Teacher:
    """A trained model that others learn from.

    Attributes:
        model: ready to predict, in fp32; not changed.
        normalisation: what its inputs go through.
    """

    model: EncoderModel
    normalisation: Normalisation


class SoftTargets:
    """What a teacher answers to the windows of a training, changed as the student sees them.

    Args:
        teacher: whom to ask.
        normalisation: what the student's windows have gone through.
    """

    def __init__(self, teacher: Teacher, normalisation: Normalisation) -> None:
        self._model = teacher.model.eval()
        self._map = None if teacher.normalisation == normalisation else _between(normalisation, teacher.normalisation)

    def logits(self, windows: Tensor) -> Tensor:
        """Returns the teacher's logits, `batch x classes`, of windows that the student's normalisation gave."""
        with torch.inference_mode():
            answers: Tensor = self._model(windows if self._map is None else windows * self._map[0] + self._map[1])
        return answers.clone()  # a loss cannot keep a tensor of inference mode for its gradient


def check_teacher(recipe: Recipe, teacher: Teacher | None) -> None:
    """Refuses a recipe and a teacher that do not belong together.

    Raises:
        TrainingError: a teacher without weight in the loss, or a weight without a teacher.
    """
    if (teacher is not None) != (recipe.distillation > 0):
        raise TrainingError(
            f"expected a teacher where the recipe's distillation is above 0 and nowhere else, got distillation "
            f"{recipe.distillation:g} and {'no' if teacher is None else 'a'} teacher; set both or neither"
        )


def training_loss(logits: Tensor, labels: Tensor, recipe: Recipe, taught: Tensor | None) -> Tensor:
    """Returns the loss of a batch: smoothed cross-entropy, and what the student's answers differ from the teacher's.

    ``(1 - a) CE(labels) + a T**2 KL(teacher_T || student_T)``, a the recipe's `distillation`, T its `temperature`, by
    which logits are divided before the softmax; T**2 keeps the size of the gradient. Without a teacher it is CE alone.

    Source: G. Hinton, O. Vinyals and J. Dean, "Distilling the Knowledge in a Neural Network" (arXiv:1503.02531),
    section 2.

    Args:
        logits: the student's, `batch x classes`.
        labels: `batch` classes.
        recipe: smoothing, weight and temperature.
        taught: the teacher's logits, `batch x classes`; None for no teacher.

    Raises:
        TrainingError: the teacher tells other classes apart.
    """
    hard = nn.functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
    if taught is None:
        return hard
    if taught.shape != logits.shape:
        raise TrainingError(
            f"expected a teacher of {logits.shape[1]} classes, got one of {taught.shape[1]}; take one of the same task"
        )
    student = nn.functional.log_softmax(logits / recipe.temperature, dim=1)
    teacher = nn.functional.log_softmax(taught / recipe.temperature, dim=1)
    soft = nn.functional.kl_div(student, teacher, log_target=True, reduction="batchmean")
    return (1 - recipe.distillation) * hard + recipe.distillation * recipe.temperature**2 * soft


def _between(source: Normalisation, target: Normalisation) -> tuple[Tensor, Tensor]:
    """Returns factor and offset, each `1 x channels x 1`, from windows of one normalisation to those of another."""
    scale = torch.tensor(target.scale, dtype=torch.float64)
    factor = torch.tensor(source.scale, dtype=torch.float64) / scale
    offset = (torch.tensor(source.centre, dtype=torch.float64) - torch.tensor(target.centre)) / scale
    return factor.float()[None, :, None], offset.float()[None, :, None]
