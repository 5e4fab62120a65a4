"""The runner's entry, called in this process with real torch models."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from device_agents.errors import DeviceError, RequestError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.reference import BASE, ReferenceLatency, ReferenceSize, reference_model
from device_agents.runner import profile
from device_agents.throttling import Throttling
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.deployment import Deployment, LayerDeployment, Precision, Runtime
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputKind, InputSpec

LATENCY = ReferenceLatency(0.001, 1e-5, 1.0, contended=False)
WINDOWS = InputSpec(InputKind.WINDOWS, length=30, classes=3, channels=3, patch=5)
INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
TINY = Candidate(Architecture((Layer(8, (HeadKind.SCALED_DOT_PRODUCT, HeadKind.CONVOLUTION_5), (16,)),)))


@pytest.fixture(autouse=True)
def _threads_as_before():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def payload(candidate=TINY, input_spec=WINDOWS, workload=Workload()):  # noqa: B008 - frozen
    request = ProfileRequest(candidate, input_spec, workload, "device")
    return {"request": request.to_json(), "reference": LATENCY.to_json()}


def test_a_request_is_answered_with_its_measurement():
    asked = payload()
    measurement = Measurement.from_json(profile.handle(asked))
    assert measurement.status is MeasurementStatus.OK
    assert measurement.request_id == ProfileRequest.from_json(asked["request"]).request_id
    ratio, latency = measurement.values["latency_ratio"], measurement.values["latency_s"]
    assert latency.value == pytest.approx(0.001 * ratio.value)
    assert 0 < ratio.value < 1  # one layer of width 8 against three of width 64
    assert latency.stderr > 0
    assert measurement.started_at.endswith("Z")


def test_the_reference_model_beside_itself_is_about_as_fast_as_itself():
    measurement = Measurement.from_json(profile.handle(payload(*reference_model(BASE))))
    ratio = measurement.values["latency_ratio"]
    assert abs(ratio.value - 1.0) < 0.25 + 5 * ratio.stderr  # tells gross errors of the procedure, whatever the load


def test_calibrating_gives_the_latency_of_the_base_reference(monkeypatch):
    monkeypatch.setattr(profile, "CALIBRATION_ATTEMPTS", 1)
    found = ReferenceLatency.from_json(profile.handle({"calibrate": None}))
    assert 0 < found.latency_s < 1
    assert 0 <= found.clean_share <= 1
    assert found.ratio_stderr == 0.0


def test_the_base_reference_that_was_warmed_up_is_not_built_again(monkeypatch):
    profile._reference.cache_clear()
    profile.warm_up()
    monkeypatch.setattr(profile, "CALIBRATION_ATTEMPTS", 1)
    monkeypatch.setattr(profile, "_load", lambda *_: pytest.fail("it is built again"))
    assert profile.handle({"calibrate": None})


def test_a_larger_reference_is_calibrated_as_a_multiple_of_the_base():
    size = ReferenceSize(128, 64)
    found = ReferenceLatency.from_json(profile.handle({"calibrate": size.to_json(), "base": LATENCY.to_json()}))
    assert found.latency_s > LATENCY.latency_s  # four times the weights, twice the positions
    assert found.stderr_s / found.latency_s == pytest.approx(LATENCY.stderr_s / LATENCY.latency_s)
    assert found.ratio_stderr > 0


def test_a_wide_candidate_is_compared_with_a_wide_reference():
    wide = Candidate(Architecture((Layer(256, (HeadKind.SCALED_DOT_PRODUCT,) * 4, (1024,)),) * 3))
    measurement = Measurement.from_json(profile.handle(payload(wide, reference_model(ReferenceSize(256, 32))[1])))
    ratio = measurement.values["latency_ratio"]
    assert abs(ratio.value - 1.0) < 0.25 + 5 * ratio.stderr  # it is that reference


def test_an_int8_candidate_is_profiled_in_onnxruntime():
    pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'protran[onnx]'")
    candidate = dataclasses.replace(TINY, deployment=INT8)
    measurement = Measurement.from_json(profile.handle(payload(candidate)))
    assert measurement.status is MeasurementStatus.OK
    assert measurement.values["latency_ratio"].value > 0
    counted = memory_bytes(count_candidate(candidate, WINDOWS), 1)
    assert measurement.values["memory_bytes"].value == counted < memory_bytes(count_candidate(TINY, WINDOWS), 1)


def test_a_pruned_candidate_has_the_memory_of_what_runs():
    pruned = Candidate(TINY.architecture, Deployment(layers=(LayerDeployment(0.5, 0.5),)))
    measurement = Measurement.from_json(profile.handle(payload(pruned)))
    assert measurement.values["memory_bytes"].value == memory_bytes(count_candidate(pruned, WINDOWS), 1)


def test_a_training_step_in_int8_is_one_sentence():
    candidate = dataclasses.replace(TINY, deployment=INT8)
    with pytest.raises(RequestError, match="a training step needs the runtime torch, got onnxruntime"):
        profile.handle(payload(candidate, workload=Workload(WorkloadKind.TRAINING_STEP)))


def test_a_device_without_onnxruntime_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DeviceError, match=r"not installed on this device: pip install 'protran\[onnx\]'"):
        profile.handle(payload(dataclasses.replace(TINY, deployment=INT8)))


def test_a_payload_that_is_no_question_is_one_sentence():
    with pytest.raises(RequestError, match="expects a request or calibrate, got nothing"):
        profile.handle({})


def test_a_candidate_that_is_none_is_one_sentence():
    asked = payload()
    asked["request"]["candidate"] = {"architecture": {"layers": [{"hidden": 8}]}}
    with pytest.raises(SpaceError, match="layer 1"):
        profile.handle(asked)


def test_a_sensor_that_does_not_answer_costs_the_energy_and_not_the_latency():
    answer = profile.handle({**payload(), "meter": {"kind": "replay", "path": "nowhere.csv"}})
    assert answer["status"] == "ok"
    assert answer["values"]["latency_s"]["value"] > 0
    assert answer["values"]["energy_j"]["provenance"] == "unavailable"
    assert "meter-failed" in answer["flags"]


def test_the_runner_asks_the_device_whether_it_throttles_and_keeps_no_trace_unasked(monkeypatch):
    hot = Throttling(True, ("too hot",))
    monkeypatch.setattr(profile, "read_throttling", lambda: hot)
    answer = profile.handle(payload())
    assert answer["status"] == "rejected"
    assert answer["flags"][-1] == "throttled"
    assert answer["values"]["latency_s"]["value"] > 0
    assert "power_trace" not in answer


@pytest.mark.parametrize(("asked", "kept"), [(True, True), (False, False), (None, False), ("yes", False)])
def test_a_trace_is_kept_where_the_payload_says_so(monkeypatch, asked, kept):
    seen = []

    def measured(request, bench):
        seen.append(bench.keep_trace)
        return Measurement(request.request_id, "device", MeasurementStatus.OK)

    monkeypatch.setattr(profile, "measure", measured)
    profile.handle({**payload(), "keep_trace": asked})
    assert seen == [kept]


def test_an_unknown_meter_is_one_sentence():
    with pytest.raises(DeviceError, match="got 'sundial'"):
        profile.handle({**payload(), "meter": {"kind": "sundial"}})


def test_the_entry_imports_no_torch_before_it_set_the_environment():
    code = (
        "import os, sys; os.environ.pop('OMP_WAIT_POLICY', None); import device_agents.runner.profile as entry;"
        "assert 'torch' not in sys.modules; entry.warm_up();"
        "assert 'torch' in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "PASSIVE", done.stderr
