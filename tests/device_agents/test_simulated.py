import dataclasses
import json
import statistics
import subprocess
import sys

import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.roofline import CallCost, call_cost
from device_agents.simulated import SimulatedAgent, relative_noise, run_of
from device_agents.simulated_devices import DEVICES
from device_agents.workload import Workload, WorkloadKind
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment
from search_spaces.input_spec import InputKind, InputSpec

WINDOWS = InputSpec(InputKind.WINDOWS, length=150, classes=3, channels=3, patch=5)
PI = DEVICES["rpi4"]
AGENT = SimulatedAgent("sim:rpi4")


def request(hidden=32, identity=PI.identity, repeat=0, workload=None, **deployment):
    layer = Layer(hidden, (HeadKind.SCALED_DOT_PRODUCT,) * 2, (2 * hidden,))
    candidate = Candidate(Architecture((layer,)), Deployment(**deployment))
    return ProfileRequest(candidate, WINDOWS, workload or Workload(), identity, repeat)


def busy(dynamic_w, latency_s=1.0):
    return CallCost(latency_s, 0.0, 0.0, dynamic_w * latency_s, PI.idle_power_w)


def test_every_value_says_that_it_is_simulated_and_the_memory_that_it_is_counted():
    values = AGENT.profile(request()).values
    assert set(values) == {"latency_s", "core_seconds", "energy_j", "peak_power_w", "memory_bytes"}
    assert values.pop("memory_bytes").provenance is Provenance.EXACT
    assert {value.provenance for value in values.values()} == {Provenance.SIMULATED}


def test_the_same_request_has_the_same_answer_in_another_process():
    asked = request()
    code = (
        "import json, sys; from device_agents.simulated import SimulatedAgent; "
        "from device_agents.measurement import ProfileRequest; "
        "request = ProfileRequest.from_json(json.load(sys.stdin)); "
        "print(json.dumps(SimulatedAgent('sim:rpi4').profile(request).to_json())); assert 'torch' not in sys.modules"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(asked.to_json()), capture_output=True, text=True, check=True
    )
    here, there = AGENT.profile(asked), Measurement.from_json(json.loads(told.stdout))
    assert (here.values, here.blocks) == (there.values, there.blocks)


def test_a_repeat_has_another_answer():
    first, second = (AGENT.profile(request(repeat=repeat)).values["latency_s"].value for repeat in (0, 1))
    assert first != second


def test_repeats_scatter_around_the_roofline_as_their_standard_error_says():
    exact = call_cost(PI, request()).latency_s
    answers = [AGENT.profile(request(repeat=repeat)).values["latency_s"] for repeat in range(400)]
    values = [answer.value for answer in answers]
    stated = statistics.fmean(answer.stderr for answer in answers)
    assert statistics.fmean(values) == pytest.approx(exact, abs=4 * stated / 400**0.5)
    assert statistics.stdev(values) == pytest.approx(stated, rel=0.15)  # four of its own standard errors


def test_noise_is_relatively_larger_for_short_latencies():
    noises = [relative_noise(PI, latency_s) for latency_s in (1e-3, 1e-2, 1e-1, 10.0)]
    assert noises == sorted(noises, reverse=True)
    assert noises[0] > 5 * noises[-1]


def test_energy_is_idle_power_times_time_and_what_the_work_takes():
    cost = call_cost(PI, request())
    run = run_of(PI, cost)
    assert run.energy_j == pytest.approx(PI.idle_power_w * cost.latency_s + cost.dynamic_j)
    assert run.power_w == pytest.approx(run.energy_j / run.latency_s)
    answers = [AGENT.profile(request(repeat=repeat)).values for repeat in range(50)]
    assert statistics.fmean(answer["energy_j"].value for answer in answers) == pytest.approx(run.energy_j, rel=0.03)
    assert statistics.fmean(answer["peak_power_w"].value for answer in answers) == pytest.approx(run.power_w, rel=0.01)


def test_the_clock_drops_after_the_stated_seconds_at_full_power():
    full_w = PI.full_power_w - PI.idle_power_w
    cool = run_of(PI, busy(full_w, latency_s=PI.throttles_after_s / 30))
    hot = run_of(PI, busy(full_w, latency_s=1.01 * PI.throttles_after_s / 30))
    assert (cool.throttled, hot.throttled) == (False, True)
    assert cool.latency_s == pytest.approx(PI.throttles_after_s / 30)


def test_calls_after_the_drop_take_as_much_longer_as_the_clock_is_lower():
    latency_s = 2 * PI.throttles_after_s / 30  # so that half of the 30 calls are after the drop
    run = run_of(PI, busy(PI.full_power_w - PI.idle_power_w, latency_s))
    assert run.latency_s == pytest.approx(latency_s * (1 + 1 / PI.hot_clock) / 2)
    assert run.busy_s == pytest.approx(30 * run.latency_s)


def test_half_the_power_heats_half_as_fast():
    half_w = (PI.full_power_w - PI.idle_power_w) / 2
    assert not run_of(PI, busy(half_w, 1.99 * PI.throttles_after_s / 30)).throttled
    assert run_of(PI, busy(half_w, 2.01 * PI.throttles_after_s / 30)).throttled


def test_a_device_that_is_cooled_never_throttles():
    a100 = DEVICES["a100"]
    assert not run_of(a100, busy(a100.full_power_w - a100.idle_power_w, 1e4)).throttled


def test_a_throttled_measurement_is_flagged_and_others_are_not():
    long = request(2048, threads=4, workload=Workload(batch_size=256))
    assert AGENT.profile(long).flags == ("throttled",)
    assert AGENT.profile(request()).flags == ()


def test_a_candidate_that_needs_more_than_the_memory_is_a_failed_measurement_with_one_sentence():
    too_large = request(workload=Workload(batch_size=1_000_000))
    measurement = AGENT.profile(too_large)
    assert measurement.status is MeasurementStatus.FAILED
    assert measurement.values == {}
    assert measurement.reason.startswith("out of memory: it takes ")
    assert "sim:rpi4 has 3.2 GB for it" in measurement.reason and "\n" not in measurement.reason


def test_the_same_candidate_fits_a_device_with_more_memory():
    workload = Workload(batch_size=150_000)
    a100 = request(identity=DEVICES["a100"].identity, workload=workload)
    assert AGENT.profile(request(workload=workload)).status is MeasurementStatus.FAILED
    assert SimulatedAgent("sim:a100").profile(a100).status is MeasurementStatus.OK


def test_a_request_for_another_device_fails():
    measurement = AGENT.profile(request(identity="elsewhere"))
    assert measurement.status is MeasurementStatus.FAILED
    assert "elsewhere" in measurement.reason


def test_what_cannot_run_fails_with_the_reason():
    onnx_step = request(runtime="onnxruntime", workload=Workload(WorkloadKind.TRAINING_STEP))
    assert "a training step needs the runtime torch" in AGENT.profile(onnx_step).reason
    text = InputSpec(InputKind.TEXT, length=8, classes=10, vocabulary=10)
    assert "decoder" in AGENT.profile(dataclasses.replace(request(), input_spec=text)).reason


def test_core_seconds_count_the_threads_that_there_are_cores_for():
    for threads, counted in ((1, 1), (2, 2), (9, 4)):
        values = AGENT.profile(request(threads=threads)).values
        assert values["core_seconds"].value == pytest.approx(counted * values["latency_s"].value)


def test_the_device_says_that_it_is_simulated_and_has_a_reference():
    info = AGENT.info()
    assert (info.name, info.identity, info.state) == ("sim:rpi4", PI.identity, "ready")
    assert info.facts["provenance"] == "simulated"
    assert info.facts["reference"]["latency_s"] > 0
    json.dumps(info.to_json(), allow_nan=False)


def test_an_unknown_device_is_an_error():
    with pytest.raises(DeviceError, match="sim:xyz"):
        SimulatedAgent("sim:xyz")
