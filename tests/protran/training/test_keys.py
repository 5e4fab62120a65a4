import pytest

from protran.fidelity import Fidelity
from protran.training.keys import training_key
from protran.training.recipe import Recipe
from search_spaces.candidate import Architecture, HeadKind, Layer
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
        {"fidelity": Fidelity(5, 0.5)},
        {"seed": 1},
        {"parent": "abc"},
    ],
)
def test_every_part_is_in_the_key(change):
    assert training_key(**{**ARGUMENTS, **change}) != training_key(**ARGUMENTS)


def test_the_key_stays_what_it_was():
    assert training_key(**ARGUMENTS) == "41d0e5ac51bb7116daca"
