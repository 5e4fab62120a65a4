from dataclasses import replace

import numpy as np
import pytest
import torch

from protran.training import predictor as module
from protran.training.errors import TrainingError
from protran.training.normalisation import Normalisation
from protran.training.predictor import predictor, score, torch_predictor
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.models import build_model
from search_spaces.models.quantize import quantise

MIXED = Architecture((Layer(16, tuple(HeadKind)[:4], (16,)), Layer(24, tuple(HeadKind)[4:], (16, 8))))
ONNX = Runtime.ONNXRUNTIME


@pytest.fixture(scope="module")
def mixed(waves):
    torch.manual_seed(0)
    return build_model(MIXED, waves.input_spec, dropout=0.0).eval()


@pytest.fixture(scope="module")
def inputs(waves):
    return torch.from_numpy(Normalisation.fit(waves.train.signals).apply(waves.train.signals))


def _answers(model, inputs, deployment):
    return predictor(model, Candidate(MIXED, deployment), inputs.split(32))(inputs)


def test_in_fp32_the_answers_are_those_of_the_model(mixed, inputs):
    with torch.no_grad():
        assert torch.equal(_answers(mixed, inputs, Deployment()), mixed(inputs))


@pytest.mark.parametrize(
    ("deployment", "tolerance"),
    [
        (Deployment(Precision.BF16), 0.05),
        (Deployment(Precision.FP16), 0.01),
        (Deployment(Precision.INT8_DYNAMIC, ONNX), 0.1),
        (Deployment(Precision.INT8_STATIC, ONNX), 0.1),
    ],
)
def test_other_precisions_answer_nearly_but_not_exactly_as_fp32_for_every_kind_of_head(
    mixed, inputs, deployment, tolerance
):
    exact, found = mixed(inputs).detach(), _answers(mixed, inputs, deployment)
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    assert (found - exact).norm() / exact.norm() < tolerance


def test_the_model_stays_in_fp32(mixed, inputs):
    before = {name: tensor.clone() for name, tensor in mixed.state_dict().items()}
    _answers(mixed, inputs, Deployment(Precision.FP16))
    assert all(torch.equal(tensor, before[name]) for name, tensor in mixed.state_dict().items())


def test_an_int8_answer_does_not_depend_on_the_other_windows(mixed, inputs):
    predict = predictor(mixed, Candidate(MIXED, Deployment(Precision.INT8_DYNAMIC, ONNX)), ())
    loud = inputs.clone()
    loud[1:] *= 100
    assert torch.equal(predict(loud)[0], predict(inputs)[0])


def test_the_layers_that_the_deployment_names_stay_in_fp32(mixed, inputs, monkeypatch):
    asked = []

    def listening(*paths, **settings):
        asked.append(settings["keep_fp32_layers"])
        quantise(*paths, **settings)

    monkeypatch.setattr(module, "quantise", listening)
    changes = (LayerDeployment(), LayerDeployment(keep_fp32=True))
    answers = _answers(mixed, inputs, Deployment(Precision.INT8_DYNAMIC, ONNX, layers=changes))
    assert asked == [[1]]
    assert not torch.equal(answers, _answers(mixed, inputs, Deployment(Precision.INT8_DYNAMIC, ONNX)))


def test_the_windows_of_the_calibration_set_the_static_range(mixed, inputs):
    quiet = predictor(mixed, Candidate(MIXED, Deployment(Precision.INT8_STATIC, ONNX)), (0.01 * inputs,))
    exact = mixed(inputs).detach()
    fitting = (_answers(mixed, inputs, Deployment(Precision.INT8_STATIC, ONNX)) - exact).norm()
    assert (quiet(inputs) - exact).norm() > 2 * fitting


def test_a_perfect_predictor_scores_one(waves):
    truth = torch.nn.functional.one_hot(torch.from_numpy(waves.test.labels), 3).float()
    scores = score(lambda inputs: truth, waves.test, Normalisation.fit(waves.train.signals), 3)
    assert (scores.accuracy.value, scores.macro_f1.value) == (1.0, 1.0)


def test_a_predictor_is_asked_about_normalised_windows(waves):
    asked = []
    normalisation = Normalisation.fit(waves.train.signals)
    score(lambda inputs: asked.append(inputs) or torch.zeros(len(inputs), 3), waves.test, normalisation, 3)
    assert np.array_equal(asked[0].numpy(), normalisation.apply(waves.test.signals))


def test_answers_that_are_no_numbers_are_one_sentence(waves, mixed):
    huge = replace(waves.test, signals=waves.test.signals * np.float32(1e9))
    with pytest.raises(TrainingError, match="expected finite answers"):
        score(torch_predictor(mixed, Precision.FP16), huge, Normalisation((0.0,) * 3, (1.0,) * 3), 3)
