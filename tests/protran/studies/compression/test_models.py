"""What is trained, and in which variants it is compared."""

from __future__ import annotations

import pytest

from protran.fidelity import Fidelity
from protran.studies.compression.models import STUDENTS, StudyModel, large_models, limited, students
from protran.studies.compression.recipes import RECIPE_NAMES
from protran.studies.compression.variant import WHOLE_STUDY, Family, Variant
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.presets import preset

WATCH = InputSpec(InputKind.WINDOWS, length=151, classes=7, channels=3, patch=5)
LARGE = {name: preset(name)[0].architecture for name in ("t1", "t2")}


@pytest.fixture
def models() -> list[StudyModel]:
    large = large_models(LARGE, RECIPE_NAMES, Fidelity(20), Fidelity(22))
    return [*large, *students(large[0], Fidelity(20))]


def test_every_model_has_a_key_of_its_own_and_survives_json(models: list[StudyModel]) -> None:
    assert len({model.key for model in models}) == len(models) == 4 + 2 * len(STUDENTS)
    assert [StudyModel.from_json(model.to_json()) for model in models] == models


def test_each_large_model_is_trained_by_both_recipes_for_their_own_epochs(models: list[StudyModel]) -> None:
    epochs = {model.key: model.fidelity.epochs for model in models[:4]}
    assert epochs == {"t1-study": 20, "t2-study": 20, "t1-campaign": 22, "t2-campaign": 22}


def test_students_have_about_the_parameters_of_their_names() -> None:
    sizes = {name: count_candidate(Candidate(found), WATCH).parameters for name, found in STUDENTS.items()}
    assert {name: round(size / 1000) for name, size in sizes.items()} == {"student-19k": 19, "student-5k": 5}


def test_a_student_differs_from_its_taught_twin_in_the_teacher_alone(models: list[StudyModel]) -> None:
    alone, taught = models[4], models[5]
    assert (taught.teacher, alone.teacher) == ("t1-study", "")
    assert taught.architecture == alone.architecture
    assert {"distillation": 0.5, **alone.recipe.to_json()} == taught.recipe.to_json()


def test_only_wanted_variants_stay_and_teachers_of_what_stays(models: list[StudyModel]) -> None:
    kept = limited(models, {Variant.INT8_STATIC})
    assert all(model.variants == (Variant.INT8_STATIC,) for model in kept)
    none = limited(models, {Variant.PRUNED})
    assert [model.key for model in none] == ["t1-study", "t2-study"]
    assert limited(models, None) == models


def test_every_variant_has_a_family() -> None:
    assert {variant.family for variant in WHOLE_STUDY} == set(Family) - {Family.STUDENT, Family.FRONT}
