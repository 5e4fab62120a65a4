import pytest

from protran.training.scored import scored_candidate, scored_deployment
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime

ONNX = Runtime.ONNXRUNTIME
CHANGES = (LayerDeployment(0.5, 0.25, keep_fp32=True),)


def test_neither_runtime_nor_threads_change_a_score():
    assert scored_deployment(Deployment(runtime=ONNX, threads=4)) == Deployment()


@pytest.mark.parametrize("precision", [precision for precision in Precision if precision is not Precision.FP32])
def test_every_other_precision_has_scores_of_its_own(precision):
    runtime = ONNX if precision.is_int8 else Runtime.TORCH
    assert scored_deployment(Deployment(precision, runtime, threads=2)) == Deployment(precision, runtime)


def test_what_becomes_of_layers_changes_a_score():
    scored = scored_deployment(Deployment(Precision.INT8_STATIC, ONNX, 2, CHANGES))
    assert scored == Deployment(Precision.INT8_STATIC, ONNX, 1, CHANGES)


def test_the_deployment_of_a_score_is_its_own():
    scored = scored_deployment(Deployment(Precision.INT8_DYNAMIC, ONNX, 3, CHANGES))
    assert scored_deployment(scored) == scored


def test_candidates_with_the_same_score_are_one(small):
    threaded = Candidate(small, Deployment(threads=3))
    assert scored_candidate(threaded) == scored_candidate(Candidate(small)) != threaded
