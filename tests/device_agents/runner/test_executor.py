"""The runner with a stand-in for an accelerator: what reaches it, and what is made of it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys

import pytest
import torch

from device_agents.accelerator import Accelerator
from device_agents.clock import ManualClock
from device_agents.errors import DeviceError, RequestError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.meters.none import NoMeter
from device_agents.reference import ReferenceLatency, reference_model
from device_agents.runner import cuda, profile
from device_agents.runner.executor import Executor
from device_agents.runner.measure import Bench, measure
from device_agents.runner.torch_runtime import load_subject
from device_agents.sampler import Subject
from device_agents.throttling import UNKNOWN_THROTTLING
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.input_spec import InputKind, InputSpec

LATENCY = ReferenceLatency(0.001, 1e-5, 1.0, contended=False)
ENCODER = Candidate(Architecture((Layer(8, (*HeadKind,), (16,)),)))
DECODER = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT,), (16,)),), Family.DECODER))
WINDOWS = InputSpec(InputKind.WINDOWS, length=20, classes=3, channels=2, patch=5)
LABELS = dataclasses.replace(WINDOWS, multi_label=True)
TOKENS = InputSpec(InputKind.TOKENS, length=6, classes=3, vocabulary=50)
TEXT = InputSpec(InputKind.TEXT, length=6, classes=50, vocabulary=50)
TOLD = Accelerator("GPU-1", "Tesla T4", 16 * 10**9, "550.54").payload(None)
TF32 = (torch.backends.cudnn, torch.backends.cuda.matmul)


class StandIn(Executor):
    """Counts what is asked of it."""

    def __init__(self, device="cpu"):
        self.place, self.waits, self.resets, self.held, self.limited = torch.device(device), 0, 0, 100, 0

    @property
    def device(self):
        return self.place

    def synchronise(self):
        self.waits += 1

    def limit_memory(self):
        self.limited += 1

    def allocated_bytes(self):
        return self.held

    def reset_peak(self):
        self.resets += 1

    def peak_bytes(self):
        return 1100

    def telling_memory(self):
        return contextlib.nullcontext()


@pytest.mark.parametrize(
    ("candidate", "spec"), [(ENCODER, WINDOWS), (ENCODER, LABELS), (ENCODER, TOKENS), (DECODER, TEXT)]
)
@pytest.mark.parametrize("kind", list(WorkloadKind))
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_all_of_a_model_and_its_batch_lie_where_it_runs(candidate, spec, kind, precision):
    deployed = dataclasses.replace(candidate, deployment=Deployment(precision))
    executor = StandIn("meta")  # torch's device without numbers: it refuses a tensor that stayed elsewhere
    load_subject(deployed, spec, Workload(kind, batch_size=2), executor).call()
    assert executor.waits == 1


def test_every_call_waits_for_its_work_and_only_wall_time_counts():
    executor = StandIn()
    subject = load_subject(ENCODER, WINDOWS, Workload(), executor)
    for _ in range(3):
        subject.call()
    assert executor.waits == 3
    assert (subject.parallel, subject.accelerated, subject.renew) == (True, True, None)


def bench(clock, executor, scatter=lambda: 1.0):
    """Models that an accelerator runs: the processor works for a tenth of the time."""

    def subject(seconds):
        def call():
            clock.advance(wall_s=seconds * scatter(), cpu_s=seconds / 10)

        return Subject(call, parallel=True, accelerated=True)

    return Bench(clock, subject(1e-3), lambda request: subject(4e-3), NoMeter(clock), LATENCY, executor=executor)


def measured(executor, **options):
    candidate, spec = reference_model()
    return measure(ProfileRequest(candidate, spec, Workload(), "gpu"), bench(ManualClock(), executor, **options))


def test_seconds_come_from_wall_times_and_core_seconds_are_not_told():
    found = measured(StandIn())
    assert found.values["latency_s"].value == pytest.approx(4 * LATENCY.latency_s)
    assert found.values["core_seconds"].provenance is Provenance.UNAVAILABLE
    assert found.flags == ()  # a processor that waits is no sign of others


def test_wall_times_of_the_reference_that_scatter_are_the_sign_of_others():
    calls = iter(range(10**9))
    assert "contended" in measured(StandIn(), scatter=lambda: 1.0 + (next(calls) // 40 % 2)).flags


def test_the_peak_of_the_accelerators_memory_stands_beside_that_of_the_process():
    executor = StandIn()
    found = measured(executor)
    assert found.values["peak_cuda_bytes"].value == 1000.0
    assert found.values["peak_rss_bytes"].value >= 0
    assert (executor.resets, executor.limited) == (1, 1)
    assert "peak_cuda_bytes" not in measured(None).values


@pytest.fixture
def opened(monkeypatch):
    """The payloads with which an accelerator was opened, which is the processor; nothing is timed for long."""
    told = []

    def open_executor(payload):
        told.append(payload)
        return StandIn()

    monkeypatch.setattr(cuda, "open_executor", open_executor)
    monkeypatch.setattr(profile, "machine_with_gpu", lambda uuid, read: UNKNOWN_THROTTLING)
    return told


def payload(candidate=ENCODER):
    request = ProfileRequest(candidate, WINDOWS, Workload(), "gpu")
    return {"request": request.to_json(), "reference": LATENCY.to_json(), "accelerator": TOLD}


def test_candidate_and_reference_of_a_payload_both_run_on_its_accelerator(opened, monkeypatch):
    seen = []

    def measure_nothing(request, bench):
        seen.extend([bench.reference.accelerated, bench.load(request).accelerated, bench.executor is not None])
        return Measurement(request.request_id, "gpu", MeasurementStatus.OK)

    monkeypatch.setattr(profile, "measure", measure_nothing)
    profile.handle(payload())
    assert opened == [TOLD]
    assert seen == [True, True, True]


def test_the_reference_is_calibrated_on_the_accelerator(opened, monkeypatch):
    monkeypatch.setattr(profile, "SPIN_UP_S", 0.0)
    calibrated = []

    class Pass:
        def __init__(self, *arguments):
            pass

        def alone(self, reference):
            calibrated.append(reference)
            return LATENCY

    monkeypatch.setattr(profile, "LatencyPass", Pass)
    assert profile.handle({"calibrate": None, "accelerator": TOLD}) == LATENCY.to_json()
    assert [subject.accelerated for subject in calibrated] == [True]


def test_onnxruntime_is_refused_before_anything_is_built(opened):
    onnx = dataclasses.replace(ENCODER, deployment=Deployment(runtime=Runtime.ONNXRUNTIME))
    with pytest.raises(RequestError, match="expected the runtime torch on a GPU, got onnxruntime"):
        profile.handle(payload(onnx))


def test_a_torch_without_cuda_is_one_sentence_with_what_to_install(monkeypatch):
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    cuda._opened.cache_clear()
    with pytest.raises(DeviceError, match=r"expected a torch that was built for CUDA, to use Tesla T4.*install one"):
        profile.handle(payload())


def test_a_gpu_that_cuda_cannot_use_is_one_sentence(monkeypatch):
    def broken():
        raise RuntimeError("Cannot re-initialize CUDA\nin forked subprocess")

    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "init", broken)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "as before")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "as before")
    cuda._opened.cache_clear()
    with pytest.raises(DeviceError, match=r"Tesla T4 cannot be used \(Cannot re-initialize CUDA in forked subprocess"):
        profile.handle(payload())


def test_another_kind_of_accelerator_is_refused():
    with pytest.raises(RequestError, match="kind must be cuda, got 'abacus'"):
        profile.handle({"calibrate": None, "accelerator": {**TOLD, "kind": "abacus"}})


@pytest.fixture
def driver(monkeypatch):
    """Stands for CUDA: notes what was asked of it, and with which environment it was initialised."""
    asked = {}

    def init():
        asked["visible"] = (os.environ["CUDA_DEVICE_ORDER"], os.environ["CUDA_VISIBLE_DEVICES"])

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # as Ray and schedulers set it
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: asked.update(device=str(device)))
    total = type("Properties", (), {"total_memory": 16 * 10**9})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: total)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda share, device: asked.update(share=share))
    settings = [(torch.backends.cudnn, "benchmark"), *((module, "allow_tf32") for module in TF32)]
    before = [getattr(module, name) for module, name in settings]
    for module, name in settings:  # by hand: monkeypatch cannot take these back
        setattr(module, name, True)
    cuda._opened.cache_clear()
    yield asked
    cuda._opened.cache_clear()
    for (module, name), value in zip(settings, before, strict=True):
        setattr(module, name, value)


def test_the_process_sees_the_named_gpu_alone_whatever_it_was_told_before(driver):
    cuda.open_executor(TOLD)
    assert driver == {"visible": ("PCI_BUS_ID", "GPU-1"), "device": "cuda:0"}


def test_a_boards_gpu_is_its_first(driver):
    cuda.open_executor({**TOLD, "uuid": ""})
    assert driver["visible"] == ("PCI_BUS_ID", "0")


@pytest.mark.parametrize(("limit", "share"), [(3 * 10**9, 0.25), (10**12, 1.0), (None, None)])
def test_a_limit_of_memory_is_a_share_of_the_gpus_above_what_is_held_already(driver, monkeypatch, limit, share):
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 10**9)
    cuda.open_executor({**TOLD, "memory_bytes": limit}).limit_memory()
    assert driver.get("share") == share


def test_settings_that_change_times_are_fixed(driver):
    cuda.open_executor(TOLD)
    assert [torch.backends.cudnn.benchmark, *(module.allow_tf32 for module in TF32)] == [False] * 3


@pytest.mark.parametrize("text", ["CUDA out of memory. Tried to allocate 2 GiB", "cuBLAS: CUBLAS_STATUS_ALLOC_FAILED"])
@pytest.mark.parametrize(("limit", "words"), [(None, "Tesla T4 has free"), (5 * 10**6, "the limit of 5 MB")])
def test_a_lack_of_the_gpus_memory_is_a_memory_error_that_says_so(driver, text, limit, words):
    executor = cuda.open_executor({**TOLD, "memory_bytes": limit})
    sentence = f"the GPU is out of memory: the model needs more than {words}"
    with pytest.raises(MemoryError, match=sentence), executor.telling_memory():
        raise RuntimeError(text)


def test_other_errors_of_the_gpu_stay_what_they_are(driver):
    with pytest.raises(RuntimeError, match="illegal memory access"), cuda.open_executor(TOLD).telling_memory():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


def test_the_gpu_is_asked_for_what_the_measurement_needs(driver, monkeypatch):
    for name, answer in {"memory_allocated": 3, "max_memory_allocated": 9}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, answer=answer: answer)
    done = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: done.append(("wait", str(device))))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: done.append(("reset", str(device))))
    executor = cuda.open_executor(TOLD)
    executor.synchronise()
    executor.reset_peak()
    assert (executor.allocated_bytes(), executor.peak_bytes()) == (3, 9)
    assert done == [("wait", "cuda:0"), ("reset", "cuda:0")]


def test_the_process_that_forks_asks_cuda_nothing():
    code = (
        "import torch\n"
        "def never(*arguments, **options): raise SystemExit('CUDA was asked')\n"
        "for name in ('is_available', 'device_count', 'init', '_lazy_init', 'current_device'):\n"
        "    setattr(torch.cuda, name, never)\n"
        "import device_agents.runner.profile as entry\n"
        "entry.warm_up()\n"
        "print('warm')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("warm\n", 0), done.stderr
