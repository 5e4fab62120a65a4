import pytest

from protran.fidelity import Fidelity
from protran.training.hurdle import Hurdle
from protran.training.keys import TRAINING_VERSION, training_key
from protran.training.recipe import Recipe
from search_spaces.candidate import Architecture, HeadKind, Layer
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.input_spec import InputKind, InputSpec

ARGUMENTS = {
    "architecture": Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)),
    "input_spec": InputSpec(InputKind.WINDOWS, length=40, classes=3),
    "task_name": "watch",
    "task_version": "1",
    "recipe": Recipe(),
    "fidelity": Fidelity(5),
    "seed": 0,
}


def test_equal_trainings_have_equal_keys():
    assert training_key(**ARGUMENTS) == training_key(**ARGUMENTS, parent=None)


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": Architecture((Layer(8, (HeadKind.COSINE,), (16,)),))},
        {"input_spec": InputSpec(InputKind.WINDOWS, length=41, classes=3)},
        {"task_name": "other"},
        {"task_version": "2"},
        {"recipe": Recipe(dropout=0.3)},
        {"recipe": Recipe(distillation=0.5)},
        {"recipe": Recipe(temperature=3.0)},
        {"fidelity": Fidelity(5, 0.5)},
        {"seed": 1},
        {"parent": "abc"},
        {"deployment": Deployment(Precision.BF16)},
        {"hurdle": Hurdle((0.5,))},
    ],
)
def test_every_part_is_in_the_key(change):
    assert training_key(**{**ARGUMENTS, **change}) != training_key(**ARGUMENTS)


@pytest.mark.parametrize("deployment", [None, Deployment(), Deployment(runtime=Runtime.ONNXRUNTIME, threads=2)])
def test_the_key_stays_what_it_was(deployment):
    assert training_key(**ARGUMENTS, deployment=deployment) == "41d0e5ac51bb7116daca"


def test_keys_of_deep_models_differ_from_those_of_trainings_that_learned_too_fast():
    deep = Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),) * 5)
    assert training_key(**{**ARGUMENTS, "architecture": deep}) != "e6f29e66281618986f7e"


def test_the_defaults_of_the_recipe_are_those_of_this_version():
    # Defaults are left out of keys: whoever changes one must raise TRAINING_VERSION.
    assert TRAINING_VERSION == 1
    assert Recipe() == Recipe(
        batch_size=64,
        learning_rate=1e-2,
        warm_up=0.2,
        weight_decay=0.05,
        label_smoothing=0.1,
        dropout=0.0,
        gradient_clip=1.0,
        averaging=0.05,
        rotation_degrees=15.0,
        scaling=0.1,
        jitter=0.05,
        masking=0.1,
        patience=15,
        distillation=0.0,
        temperature=2.0,
    )


def test_without_a_hurdle_the_key_is_that_of_a_training_that_cannot_be_stopped():
    assert training_key(**ARGUMENTS, hurdle=None) == training_key(**ARGUMENTS)
