import pytest

from device_agents.accelerator import Accelerator, accelerator_fields, refusal
from device_agents.environment import device_identity
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.meters.spec import MeterKind, MeterSpec
from search_spaces.deployment import Deployment, Precision, Runtime

CARD = Accelerator("GPU-1", "Tesla T4", 16 * 10**9, "550.54")
BOARD = Accelerator("", "GPU of Jetson Orin", None, "")


def test_the_processor_and_each_gpu_of_a_machine_are_different_devices():
    other = Accelerator("GPU-2", "Tesla T4", 16 * 10**9, "550.54")
    identities = {device_identity(), *(device_identity(executes=gpu.executes) for gpu in (CARD, other, BOARD))}
    assert len(identities) == 4


def test_the_option_finds_a_card_by_its_uuid_and_a_boards_only_gpu_without():
    assert (CARD.option, BOARD.option) == ("cuda:GPU-1", "cuda")


def test_a_jobs_memory_limit_becomes_that_of_the_gpu_and_its_process_has_none():
    limits, gpu_bytes = CARD.limits(Limits(60.0, 500), free_bytes=10**9, share=0.8)
    assert (limits, gpu_bytes) == (Limits(60.0, None), 500)


def test_without_a_limit_a_card_may_be_filled_and_shared_memory_only_in_part():
    assert CARD.limits(Limits(), free_bytes=1000, share=0.8)[1] is None
    assert BOARD.limits(Limits(), free_bytes=1000, share=0.8)[1] == 800


def test_the_gpus_meter_sees_this_gpu_alone_and_other_meters_stay():
    assert CARD.meter(MeterSpec(MeterKind.NVML)).gpus == ("GPU-1",)
    assert CARD.meter(MeterSpec(MeterKind.HWMON)) == MeterSpec(MeterKind.HWMON)
    assert BOARD.meter(MeterSpec(MeterKind.NVML)) == MeterSpec(MeterKind.NVML)


def test_a_lack_of_the_gpus_memory_is_told_as_such():
    detail = "Traceback\nMemoryError: the GPU is out of memory: the model needs more than the limit of 5 MB\n"
    failure = CARD.explained(JobFailed(FailureKind.OUT_OF_MEMORY, "out of memory: of the machine", detail))
    assert failure.reason == "out of memory: the model needs more than the limit of 5 MB"
    assert failure.kind is FailureKind.OUT_OF_MEMORY


@pytest.mark.parametrize("kind", [FailureKind.OUT_OF_MEMORY, FailureKind.CRASHED])
def test_other_failures_stay_as_they_are(kind):
    failure = JobFailed(kind, "one sentence", "MemoryError")
    assert CARD.explained(failure) is failure


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16, Precision.BF16])
def test_torch_runs_on_a_gpu_in_every_precision(precision):
    assert refusal(Deployment(precision)) == ""


def test_onnxruntime_is_refused_with_what_to_do():
    text = refusal(Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME))
    assert "got onnxruntime (int8-dynamic); set runtime to torch" in text


def test_a_payload_says_nothing_where_models_run_on_the_processor():
    assert accelerator_fields(None) == {}
    told = accelerator_fields(CARD, 7)["accelerator"]
    assert told == {"kind": "cuda", "uuid": "GPU-1", "name": "Tesla T4", "memory_bytes": 7}
