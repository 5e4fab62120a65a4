"""How the models of the study are trained: as the study did it, and as a campaign does."""

from __future__ import annotations

import dataclasses

from protran.training.recipe import DISTILLATION, Recipe, Schedule

EPOCHS = 20
"""Of the study. Source: Irani, Optimizing Transformer Models for Energy Efficiency in Time Series Classification."""

STUDY_RECIPE = Recipe(
    batch_size=32,
    learning_rate=1e-3,
    schedule=Schedule.CONSTANT,
    weight_decay=0.0,
    label_smoothing=0.0,
    gradient_clip=1e6,
    averaging=1.0,
    rotation_degrees=0.0,
    scaling=0.0,
    jitter=0.0,
    masking=0.0,
    keeps_last=True,
)
"""Adam with its default learning rate, cross-entropy, nothing else; no early end, and the weights of the last epoch.

Those of the smallest validation loss would be worse rivals: on `watch`, with two seeds, the loss of T1 was smallest
after 2 of 20 epochs, and its accuracy on the validation set rose further.

AdamW without decay is Adam; the limit of the gradient is out of reach; an average of the newest weights alone is the
weights. The size of batches is a usual one; what the study used is not known to us.
"""

TAUGHT_RECIPE = dataclasses.replace(STUDY_RECIPE, distillation=DISTILLATION)
"""The same for a student that learns from a teacher's answers as well."""

CAMPAIGN_RECIPE = Recipe()
"""That of a campaign."""

STUDY, CAMPAIGN = "study", "campaign"
"""Names of the recipes, for tables and options."""
RECIPE_NAMES = (STUDY, CAMPAIGN)
