"""Every variant of one trained model, on the device of this test."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from protran.studies.compression.deployed import deploy
from protran.studies.compression.models import StudyModel
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.trained import TrainedModel
from protran.studies.compression.variant import WHOLE_STUDY, Variant
from protran.studies.compression.worker import handle
from protran.tasks.base import Task
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime

pytest.importorskip("onnx", reason="needs the extra onnx: pip install 'protran[onnx]'")
pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'protran[onnx]'")


@pytest.fixture
def trained(plan: StudyPlan, tiny: StudyModel, waves: Task, tmp_path) -> TrainedModel:
    assert handle(plan.training_job(tiny, 0))["status"] == "ok"
    return TrainedModel(tiny, plan.seed_of(0), waves.load(), plan.weights(tiny, 0), tmp_path)


def answers(trained: TrainedModel, variant: Variant) -> torch.Tensor:
    deployed = deploy(trained, variant)
    return deployed.predict(torch.from_numpy(deployed.normalisation.apply(trained.data.test.signals)))


def test_every_variant_has_a_file_and_answers_every_window(trained: TrainedModel) -> None:
    for variant in WHOLE_STUDY:
        assert deploy(trained, variant).path.stat().st_size > 0
        assert answers(trained, variant).shape == (len(trained.data.test), 3)


def test_onnxruntime_answers_as_torch_does_and_int8_nearly_so(trained: TrainedModel) -> None:
    exact = answers(trained, Variant.FP32)
    torch.testing.assert_close(answers(trained, Variant.ONNX), exact, rtol=1e-4, atol=1e-5)
    for variant in (Variant.INT8_STATIC, Variant.INT8_DYNAMIC, Variant.INT8_STATIC_TENSOR, Variant.MIXED):
        found = answers(trained, variant)
        assert not torch.equal(found, exact)
        assert (found - exact).norm() < 0.2 * exact.norm()


def test_one_scale_for_a_matrix_takes_less_room_than_one_for_each_feature(trained: TrainedModel) -> None:
    for whole, fine in (
        (Variant.INT8_STATIC_TENSOR, Variant.INT8_STATIC),
        (Variant.INT8_DYNAMIC_TENSOR, Variant.INT8_DYNAMIC),
    ):
        sizes = [deploy(trained, variant).path.stat().st_size for variant in (whole, fine)]
        assert sizes[0] < sizes[1]


def test_pruning_shrinks_the_file_and_zeroes_do_not(trained: TrainedModel) -> None:
    whole, sparse, pruned = (deploy(trained, variant) for variant in (Variant.FP32, Variant.SPARSE_L1, Variant.PRUNED))
    assert sparse.path.stat().st_size == whole.path.stat().st_size > pruned.path.stat().st_size
    assert sparse.parameters < whole.parameters > pruned.parameters


def test_only_what_is_fine_tuned_trains_again_and_two_variants_share_it(trained: TrainedModel) -> None:
    assert deploy(trained, Variant.PRUNED).tuning is None
    tuned = deploy(trained, Variant.PRUNED_TUNED).tuning
    assert tuned is not None
    assert deploy(trained, Variant.PRUNED_INT8).tuning is tuned


def test_what_was_chosen_by_layer_is_noted_and_stands_in_the_candidate(trained: TrainedModel) -> None:
    mixed, layers = deploy(trained, Variant.MIXED), deploy(trained, Variant.PRUNED_LAYERS)
    assert mixed.note == f"layers in fp32: {mixed.candidate.deployment.fp32_layers[0] + 1}"
    assert sorted(layer.head_sparsity for layer in layers.candidate.deployment.layers) == [0.25, 0.5, 0.75]
    assert layers.note.startswith("shares removed by layer: ")


def test_the_trained_model_stays_as_it_was(trained: TrainedModel) -> None:
    before = [parameter.clone() for parameter in trained.model.parameters()]
    for variant in WHOLE_STUDY:
        deploy(trained, variant)
    assert all(torch.equal(old, new) for old, new in zip(before, trained.model.parameters(), strict=True))


@pytest.mark.parametrize(
    "deployment",
    [
        Deployment(),
        Deployment(Precision.BF16),
        Deployment(runtime=Runtime.ONNXRUNTIME),
        Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME),
        Deployment(layers=(LayerDeployment(0.5, 0.5),) * 3),
        Deployment(runtime=Runtime.ONNXRUNTIME, layers=(LayerDeployment(0.5, 0.5),) * 3),
    ],
)
def test_a_member_of_a_front_runs_as_it_was_found(trained: TrainedModel, deployment: Deployment) -> None:
    trained.of = dataclasses.replace(trained.of, variants=(Variant.FOUND,), deployment=deployment)
    found = deploy(trained, Variant.FOUND)
    assert found.candidate.deployment == deployment
    assert (found.tuning is not None) == bool(deployment.layers)
    assert answers(trained, Variant.FOUND).shape == (len(trained.data.test), 3)
