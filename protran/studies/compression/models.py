"""The models of the study: what is trained, how, and in which variants it is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protran.fidelity import Fidelity
from protran.studies.compression.recipes import (
    CAMPAIGN,
    CAMPAIGN_RECIPE,
    STUDY,
    STUDY_RECIPE,
    TAUGHT_RECIPE,
)
from protran.studies.compression.variant import OF_CAMPAIGN_RECIPE, OF_STUDENTS, WHOLE_STUDY, Variant
from protran.training.recipe import Recipe
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.deployment import Deployment

_ATTENTION = HeadKind.SCALED_DOT_PRODUCT
STUDENTS: Mapping[str, Architecture] = {
    "student-19k": Architecture((Layer(32, (_ATTENTION,) * 4, (64,)),) * 2),
    "student-5k": Architecture((Layer(16, (_ATTENTION,) * 2, (32,)),) * 2),
}
"""By about their parameters on windows of three channels."""


@dataclass(frozen=True)
class StudyModel:
    """One architecture under one recipe.

    Attributes:
        key: names its files; letters, digits and dashes.
        name: for tables.
        recipe_name: for tables.
        architecture: what is trained.
        recipe: how.
        fidelity: for how long.
        variants: in which it is compared.
        deployment: that of a member of a front; the default for all others.
        teacher: the key of the model whose answers it learns from; empty for none.
    """

    key: str
    name: str
    recipe_name: str
    architecture: Architecture
    recipe: Recipe
    fidelity: Fidelity
    variants: tuple[Variant, ...]
    deployment: Deployment = field(default_factory=Deployment)
    teacher: str = ""

    @property
    def on_front(self) -> bool:
        """Whether the search found it."""
        return Variant.FOUND in self.variants

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same."""
        return {
            "key": self.key,
            "name": self.name,
            "recipe_name": self.recipe_name,
            "architecture": self.architecture.to_json(),
            "recipe": self.recipe.to_json(),
            "fidelity": self.fidelity.to_json(),
            "variants": [variant.value for variant in self.variants],
            "deployment": self.deployment.to_json(),
            "teacher": self.teacher,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> StudyModel:
        """Returns the model that `to_json` wrote. Raises an error of ours on a part that is not valid."""
        return cls(
            key=payload["key"],
            name=payload["name"],
            recipe_name=payload["recipe_name"],
            architecture=Architecture.from_json(payload["architecture"]),
            recipe=Recipe.from_json(payload["recipe"]),
            fidelity=Fidelity.from_json(payload["fidelity"]),
            variants=tuple(Variant(name) for name in payload["variants"]),
            deployment=Deployment.from_json(payload["deployment"]),
            teacher=payload["teacher"],
        )


def large_models(
    architectures: Mapping[str, Architecture], recipes: Collection[str], study: Fidelity, campaign: Fidelity
) -> list[StudyModel]:
    """Returns the models that are compressed, under each of the recipes.

    Args:
        architectures: by a name that may become part of a file's.
        recipes: of `RECIPE_NAMES`.
        study: effort of a training under the study's recipe.
        campaign: the same under a campaign's.
    """
    kinds = {
        STUDY: (STUDY_RECIPE, study, WHOLE_STUDY),
        CAMPAIGN: (CAMPAIGN_RECIPE, campaign, OF_CAMPAIGN_RECIPE),
    }
    return [
        StudyModel(f"{name}-{kind}", name, kind, architecture, recipe, fidelity, variants)
        for kind, (recipe, fidelity, variants) in kinds.items()
        if kind in recipes
        for name, architecture in architectures.items()
    ]


def students(teacher: StudyModel, fidelity: Fidelity) -> list[StudyModel]:
    """Returns the small models, each alone and taught by `teacher`, which is under the study's recipe."""
    found = []
    for name, architecture in STUDENTS.items():
        alone = StudyModel(name, name, STUDY, architecture, STUDY_RECIPE, fidelity, OF_STUDENTS)
        taught = dataclasses.replace(
            alone,
            key=f"{name}-taught",
            name=f"{name}, taught by {teacher.name}",
            recipe=TAUGHT_RECIPE,
            teacher=teacher.key,
        )
        found += [alone, taught]
    return found


def limited(models: Sequence[StudyModel], wanted: Collection[Variant] | None) -> list[StudyModel]:
    """Returns the models with the wanted variants alone (None: all), without those that have none left."""
    if wanted is None:
        return list(models)
    kept = [dataclasses.replace(m, variants=tuple(v for v in m.variants if v in wanted or m.on_front)) for m in models]
    taught = {model.teacher for model in kept if model.variants}
    return [model for model in kept if model.variants or model.key in taught]
