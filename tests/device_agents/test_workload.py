import pytest

from device_agents.errors import RequestError
from device_agents.workload import Workload, WorkloadKind
from search_spaces.deployment import RUNS, Deployment, Precision, Runtime

STEP = Workload(WorkloadKind.TRAINING_STEP, batch_size=2)


@pytest.mark.parametrize("precision", RUNS[Runtime.ONNXRUNTIME])
def test_a_training_step_outside_torch_is_one_sentence(precision):
    deployment = Deployment(precision, Runtime.ONNXRUNTIME)
    with pytest.raises(RequestError, match=f"needs the runtime torch, got onnxruntime .{precision.value}."):
        STEP.check_deployment(deployment)


@pytest.mark.parametrize("precision", list(Precision))
def test_inference_runs_in_every_deployment(precision):
    Workload().check_deployment(Deployment(precision, Runtime.ONNXRUNTIME if precision.is_int8 else Runtime.TORCH))


@pytest.mark.parametrize("precision", RUNS[Runtime.TORCH])
def test_torch_trains_in_every_precision_that_it_runs(precision):
    STEP.check_deployment(Deployment(precision))
