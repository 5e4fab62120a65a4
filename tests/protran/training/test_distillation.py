from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from protran.fidelity import Fidelity
from protran.training.distillation import SoftTargets, Teacher, training_loss
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Architecture, HeadKind, Layer

PLAIN = Recipe(batch_size=16)
TAUGHT = replace(PLAIN, distillation=0.5, temperature=3.0)
WIDE = Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (16,)),))


@pytest.fixture(scope="module")
def teacher(waves, tmp_path_factory):
    path = tmp_path_factory.mktemp("teacher") / "weights.safetensors"
    train(WIDE, waves, PLAIN, Fidelity(10), 0, weights_path=path)
    return Teacher(*load_weights(path, WIDE, waves.input_spec))


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_loss_is_the_published_sum_of_labels_and_soft_targets():
    generator = np.random.default_rng(0)
    student, taught = generator.normal(size=(2, 6, 4))
    labels = generator.integers(0, 4, size=6)
    recipe = Recipe(label_smoothing=0.0, distillation=0.3, temperature=2.5)
    hard = -np.log(_softmax(student)[np.arange(6), labels]).mean()
    p, q = _softmax(taught / 2.5), _softmax(student / 2.5)
    soft = (p * (np.log(p) - np.log(q))).sum(axis=1).mean()
    found = training_loss(torch.tensor(student), torch.tensor(labels), recipe, torch.tensor(taught))
    assert found.item() == pytest.approx(0.7 * hard + 0.3 * 2.5**2 * soft)


def test_without_a_teacher_the_loss_is_that_of_the_labels():
    logits, labels = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 1, 0])
    expected = nn.functional.cross_entropy(logits, labels, label_smoothing=PLAIN.label_smoothing)
    assert torch.equal(training_loss(logits, labels, PLAIN, None), expected)


def test_a_teacher_sees_windows_in_its_own_normalisation(teacher, waves):
    other = Normalisation((0.5, -1.0, 0.0), (2.0, 0.5, 1.0))
    signals = waves.train.signals[:8]
    own = SoftTargets(teacher, teacher.normalisation).logits(torch.from_numpy(teacher.normalisation.apply(signals)))
    mapped = SoftTargets(teacher, other).logits(torch.from_numpy(other.apply(signals)))
    torch.testing.assert_close(mapped, own, rtol=1e-4, atol=1e-4)


def test_with_all_weight_on_the_teacher_labels_have_no_say(teacher, small, waves):
    wrong = replace(waves, train=replace(waves.train, labels=(waves.train.labels + 1) % 3))
    taught = train(small, wrong, replace(TAUGHT, distillation=1.0), Fidelity(12), 1, teacher=teacher)
    alone = train(small, wrong, PLAIN, Fidelity(12), 1)
    assert taught.metrics["test_accuracy"] > 0.6
    assert alone.metrics["test_accuracy"] < 0.4


def test_equal_arguments_with_a_teacher_give_equal_outcomes_whatever_ran_before(teacher, small, waves):
    def figures():
        outcome = train(small, waves, TAUGHT, Fidelity(2), 5, teacher=teacher)
        return [(r.train_loss, r.validation_loss) for r in outcome.history], outcome.metrics

    first = figures()
    torch.manual_seed(99)
    torch.randn(7)
    assert figures() == first


def test_the_teacher_learns_nothing(teacher, small, waves):
    before = {name: tensor.clone() for name, tensor in teacher.model.state_dict().items()}
    train(small, waves, TAUGHT, Fidelity(1), 0, teacher=teacher)
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.model.state_dict().items())


@pytest.mark.parametrize("recipe", [PLAIN, TAUGHT])
def test_a_recipe_and_a_teacher_belong_together(teacher, small, waves, recipe):
    wrong = teacher if recipe is PLAIN else None
    with pytest.raises(TrainingError, match="expected a teacher where the recipe's distillation is above 0"):
        train(small, waves, recipe, Fidelity(1), 0, teacher=wrong)


def test_a_teacher_of_other_classes_is_refused():
    with pytest.raises(TrainingError, match="expected a teacher of 3 classes, got one of 4"):
        training_loss(torch.zeros(2, 3), torch.tensor([0, 1]), TAUGHT, torch.zeros(2, 4))
