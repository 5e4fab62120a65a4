from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.fidelity import Fidelity
from protran.training import compress as module
from protran.training.compress import compress, fine_tune
from protran.training.distillation import Teacher
from protran.training.recipe import Recipe
from protran.training.train import train
from protran.training.weights import load_weights
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.models import build_model
from search_spaces.models.transforms import PruneNorm, prune
from search_spaces.pruning import deployed_architecture

RECIPE = Recipe(batch_size=16)
FIDELITY = Fidelity(12)
ARCHITECTURE = Architecture((Layer(16, (HeadKind.SCALED_DOT_PRODUCT,) * 2 + (HeadKind.FOURIER,) * 2, (32,)),))
HALVED = Deployment(layers=(LayerDeployment(0.5, 0.5),))
INT8 = Deployment(Precision.INT8_STATIC, Runtime.ONNXRUNTIME)


@pytest.fixture(scope="module")
def trained(waves, tmp_path_factory):
    """The outcome of a training, its model and what the inputs go through."""
    path = tmp_path_factory.mktemp("trained") / "weights.safetensors"
    outcome = train(ARCHITECTURE, waves, RECIPE, FIDELITY, 0, weights_path=path)
    return outcome, *load_weights(path, ARCHITECTURE, waves.input_spec)


@pytest.fixture
def compressed(trained, waves):
    """Returns the outcome of a deployment of the trained model; keywords replace what it is compressed with."""

    def compressed(deployment, data=waves, fidelity=FIDELITY):
        _, model, normalisation = trained
        return compress(model, Candidate(ARCHITECTURE, deployment), data, RECIPE, fidelity, normalisation, 0)

    return compressed


def _figures(outcome):
    return [(r.train_loss, r.validation_loss) for r in outcome.history], outcome.metrics, outcome.stderr


def test_where_nothing_is_changed_the_scores_are_those_of_the_training(trained, compressed):
    found = compressed(Deployment())
    assert (found.metrics, found.stderr) == (trained[0].metrics, trained[0].stderr)
    assert (found.history, found.best_epoch, found.parameters) == ((), 0, trained[0].parameters)


def test_pruning_leaves_the_parameters_that_the_genes_say(compressed, waves):
    candidate = Candidate(ARCHITECTURE, HALVED)
    expected = build_model(deployed_architecture(candidate), waves.input_spec)
    found = compressed(HALVED)
    assert found.parameters == sum(parameter.numel() for parameter in expected.parameters())
    assert found.parameters < 0.8 * sum(p.numel() for p in build_model(ARCHITECTURE, waves.input_spec).parameters())


@pytest.mark.parametrize(("epochs", "expected"), [(1, 1), (12, 3), (14, 4)])
def test_fine_tuning_takes_a_quarter_of_the_epochs_but_at_least_one(compressed, epochs, expected):
    assert len(compressed(HALVED, fidelity=Fidelity(epochs)).history) == expected


def test_fine_tuning_lowers_the_loss_of_the_pruned_model(trained, waves):
    candidate = Candidate(ARCHITECTURE, HALVED)
    pruned = prune(trained[1], candidate, PruneNorm.L2)
    tuned, outcome = fine_tune(pruned, candidate, waves, RECIPE, FIDELITY, 0)
    inputs = torch.from_numpy(outcome.normalisation.apply(waves.train.signals))
    labels = torch.from_numpy(waves.train.labels)
    with torch.no_grad():
        before, after = (torch.nn.functional.cross_entropy(m.eval()(inputs), labels) for m in (pruned, tuned))
    assert after < before


def test_fine_tuning_starts_from_the_pruned_weights_with_smaller_steps(trained, waves, monkeypatch):
    asked = {}

    def listening(architecture, data, recipe, fidelity, seed, **rest):
        asked["rate"] = recipe.learning_rate
        model = build_model(architecture, data.input_spec)
        rest["start"](model)
        asked["weights"] = model.state_dict()
        return train(architecture, data, recipe, fidelity, seed, **rest)

    monkeypatch.setattr(module, "train", listening)
    candidate = Candidate(ARCHITECTURE, HALVED)
    pruned = prune(trained[1], candidate, PruneNorm.L2)
    fine_tune(pruned, candidate, waves, RECIPE, Fidelity(1), 0)
    assert asked["rate"] < RECIPE.learning_rate
    assert all(torch.equal(asked["weights"][name], tensor) for name, tensor in pruned.state_dict().items())


@pytest.mark.parametrize("deployment", [HALVED, INT8, replace(INT8, layers=HALVED.layers)])
def test_equal_arguments_give_equal_outcomes_whatever_ran_before(compressed, deployment):
    first = compressed(deployment)
    torch.manual_seed(99)
    torch.randn(7)
    assert _figures(compressed(deployment)) == _figures(first)


def test_the_trained_model_is_left_alone(trained, compressed):
    before = {name: tensor.clone() for name, tensor in trained[1].state_dict().items()}
    compressed(replace(INT8, layers=HALVED.layers))
    assert all(torch.equal(tensor, before[name]) for name, tensor in trained[1].state_dict().items())


def test_an_int8_model_that_learned_well_still_scores_well(trained, compressed):
    found = compressed(INT8)
    assert found.history == ()
    assert found.metrics["test_accuracy"] > trained[0].metrics["test_accuracy"] - 0.15


def test_a_refit_has_no_score_on_the_validation_set(compressed):
    found = compressed(INT8, fidelity=replace(FIDELITY, refit=True))
    assert set(found.metrics) == {"test_accuracy", "test_macro_f1"}


@pytest.mark.parametrize("refit", [False, True])
def test_nothing_is_calibrated_on_validation_or_test_windows(trained, waves, monkeypatch, refit):
    batches = []
    original = module.predictor

    def listening(model, candidate, calibration):
        batches.extend(calibration)
        return original(model, candidate, calibration)

    monkeypatch.setattr(module, "predictor", listening)
    _, model, normalisation = trained
    compress(model, Candidate(ARCHITECTURE, INT8), waves, RECIPE, replace(FIDELITY, refit=refit), normalisation, 0)
    known = {window.tobytes() for window in normalisation.apply(waves.train.signals)}
    assert {window.tobytes() for window in torch.cat(batches).numpy()} <= known


def test_much_data_is_calibrated_on_a_share_of_every_class(waves, trained):
    many = waves.train.where(np.tile(np.arange(len(waves.train)), 20))
    batches = module.calibration_windows(replace(waves, train=many), trained[2], 0)
    assert sum(map(len, batches)) == pytest.approx(module.CALIBRATION_WINDOWS, abs=2)


def test_the_test_set_changes_nothing_but_the_test_scores(compressed, waves):
    other = replace(waves, test=waves.test.where(np.arange(len(waves.test)) % 2 == 0))
    one, two = compressed(HALVED), compressed(HALVED, data=other)
    assert one.validation == two.validation
    assert _figures(one)[0] == _figures(two)[0]


def test_fine_tuning_learns_from_a_teacher_too(trained, waves):
    _, model, normalisation = trained
    taught_by = Teacher(model, normalisation)
    recipe = replace(RECIPE, distillation=0.5)
    candidate = Candidate(ARCHITECTURE, HALVED)
    alone = compress(model, candidate, waves, RECIPE, FIDELITY, normalisation, 0)
    taught = compress(model, candidate, waves, recipe, FIDELITY, normalisation, 0, taught_by)
    assert [r.validation_loss for r in taught.history] != [r.validation_loss for r in alone.history]


def test_where_nothing_goes_a_teacher_is_not_asked(trained, compressed, waves):
    _, model, normalisation = trained
    recipe, candidate = replace(RECIPE, distillation=0.5), Candidate(ARCHITECTURE, INT8)
    assert compress(model, candidate, waves, recipe, FIDELITY, normalisation, 0).metrics == compressed(INT8).metrics
