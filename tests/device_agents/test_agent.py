import subprocess
import sys

import pytest

from device_agents.accelerator import Accelerator
from device_agents.agent import Agent
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.exclusive import ExclusiveUse
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.reference import ReferenceLatency
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment, Runtime
from search_spaces.input_spec import InputKind, InputSpec

WINDOWS = InputSpec(InputKind.WINDOWS, length=30, classes=3, channels=3, patch=5)
HEADS = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.COSINE)
REFERENCE = ReferenceLatency(0.002, 1e-5, 0.95, contended=False)
WIDER = ReferenceLatency(0.008, 4e-5, 0.95, contended=False, ratio_stderr=0.003)


def request(hidden=8, identity=None, repeat=0):
    candidate = Candidate(Architecture((Layer(hidden, HEADS, (16,)),)))
    return ProfileRequest(candidate, WINDOWS, Workload(), identity or device_identity(), repeat)


@pytest.fixture(autouse=True)
def lock_folder(tmp_path, monkeypatch):
    """The folder of the locks: not the machine's own, where somebody may be measuring."""
    monkeypatch.setattr("device_agents.exclusive.SHARED_FOLDER", tmp_path)
    return tmp_path


class FakeRunner:
    """Answers as a runner would and remembers what it was asked."""

    def __init__(self, failure=None):
        self.failure, self.asked, self.limits, self.closed = failure, [], [], 0

    def call(self, payload, limits=None):
        self.asked.append(payload)
        self.limits.append(limits)
        if self.failure is not None:
            raise self.failure
        if "calibrate" in payload:
            return (REFERENCE if payload["calibrate"] is None else WIDER).to_json()
        asked = ProfileRequest.from_json(payload["request"])
        latency = Value(0.01, 1e-4, Provenance.MEASURED_COUNTER)
        return Measurement(
            asked.request_id, asked.device_identity, MeasurementStatus.OK, {"latency_s": latency}
        ).to_json()

    def close(self):
        self.closed += 1


def test_a_request_is_answered_by_the_runner():
    agent = Agent("local", runner=FakeRunner())
    measurement = agent.profile(request())
    assert measurement.status is MeasurementStatus.OK
    assert measurement.values["latency_s"].value == 0.01


def test_all_requests_share_one_reference_latency():
    runner = FakeRunner()
    agent = Agent("local", runner=runner)
    agent.profile(request())
    agent.profile(request(repeat=1))
    assert ["calibrate" in payload for payload in runner.asked] == [True, False, False]
    assert [payload["reference"] for payload in runner.asked[1:]] == [REFERENCE.to_json()] * 2


def test_a_reference_of_another_size_is_measured_once_against_the_base():
    runner = FakeRunner()
    agent = Agent("local", runner=runner, reference=REFERENCE)
    agent.profile(request(hidden=256))
    agent.profile(request(hidden=256, repeat=1))
    calibration, *profiles = runner.asked
    assert calibration == {"calibrate": [128, 32], "base": REFERENCE.to_json()}
    assert [payload["reference"] for payload in profiles] == [WIDER.to_json()] * 2
    assert agent.reference == REFERENCE


def test_calibrating_anew_forgets_what_was_measured_against_the_old_base():
    runner = FakeRunner()
    agent = Agent("local", runner=runner, reference=REFERENCE)
    agent.profile(request(hidden=256))
    agent.calibrate()
    agent.profile(request(hidden=256, repeat=1))
    assert [payload.get("calibrate", "profile") for payload in runner.asked] == [
        [128, 32],
        "profile",
        None,
        [128, 32],
        "profile",
    ]


def test_the_reference_of_an_earlier_session_is_kept():
    runner = FakeRunner()
    Agent("local", runner=runner, reference=REFERENCE).profile(request())
    assert ["calibrate" in payload for payload in runner.asked] == [False]


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.LOST])
def test_whatever_becomes_of_a_candidate_is_a_failed_measurement_with_its_reason(kind):
    agent = Agent("local", runner=FakeRunner(JobFailed(kind, "one sentence")), reference=REFERENCE)
    asked = request()
    measurement = agent.profile(asked)
    assert measurement.status is MeasurementStatus.FAILED
    assert measurement.reason == "one sentence"
    assert measurement.request_id == asked.request_id
    assert not measurement.values


def test_a_lost_runner_is_no_answer_about_the_candidate():
    agent = Agent("local", runner=FakeRunner(JobFailed(FailureKind.LOST, "killed")), reference=REFERENCE)
    with pytest.raises(JobFailed, match="killed"):
        agent.profile(request())


@pytest.mark.parametrize("kind", list(FailureKind))
def test_a_runner_that_cannot_even_run_the_reference_says_nothing_of_the_candidate_but_gives_a_hint(kind):
    agent = Agent("local", runner=FakeRunner(JobFailed(kind, "no interpreter")))
    with pytest.raises(JobFailed, match="no interpreter; run `protran doctor`") as raised:
        agent.profile(request())
    assert raised.value.kind is FailureKind.LOST


def test_calibrating_without_a_runner_is_an_error():
    with pytest.raises(DeviceError, match="cannot run the reference model"):
        Agent("local", runner=FakeRunner(JobFailed(FailureKind.LOST, "gone"))).calibrate()


def busy_device():
    return ExclusiveUse(device_identity()).held(1.0)


def test_the_device_is_the_agents_alone_while_its_runner_works():
    runner = FakeRunner()
    agent = Agent("local", runner=runner, reference=REFERENCE)
    answer, seen = runner.call, []

    def call(payload, limits=None):
        with pytest.raises(JobFailed), ExclusiveUse(device_identity()).held(0.0):
            pytest.fail("both hold it")
        seen.append(payload)
        return answer(payload, limits)

    runner.call = call
    agent.calibrate()
    agent.profile(request())
    assert len(seen) == 2
    with busy_device():
        assert not runner.closed


@pytest.mark.parametrize("ask", [lambda agent: agent.profile(request(), Limits(time_s=0.01)), Agent.calibrate])
def test_a_device_that_another_agent_keeps_is_no_answer_about_the_candidate(ask, monkeypatch):
    monkeypatch.setattr("device_agents.agent.CALIBRATION_LIMITS", Limits(time_s=0.01))
    runner = FakeRunner()
    agent = Agent("local", runner=runner, reference=REFERENCE)
    with busy_device(), pytest.raises(JobFailed, match="still in use by another agent") as raised:
        ask(agent)
    assert raised.value.kind is FailureKind.LOST
    assert not runner.asked


def test_a_device_that_cannot_be_locked_is_measured_on_all_the_same_and_the_measurement_says_so(lock_folder):
    agent = Agent("local", runner=FakeRunner(), reference=REFERENCE)
    assert "unguarded" not in agent.profile(request()).details
    lock_folder.joinpath(ExclusiveUse(device_identity()).path).unlink()
    lock_folder.joinpath(ExclusiveUse(device_identity()).path).mkdir()
    measurement = agent.profile(request())
    assert (measurement.status, measurement.details["unguarded"]) == (MeasurementStatus.OK, 1.0)
    assert agent.info().facts["unguarded"].startswith("other agents are not kept off")


def test_a_request_for_another_device_is_not_answered_here():
    runner = FakeRunner()
    measurement = Agent("local", runner=runner).profile(request(identity="another"))
    assert measurement.status is MeasurementStatus.FAILED
    assert "is for device another" in measurement.reason
    assert not runner.asked


def test_a_candidate_without_a_memory_limit_gets_one():
    runner = FakeRunner()
    agent = Agent("local", runner=runner, reference=REFERENCE)
    agent.profile(request(), Limits(time_s=7.0))
    agent.profile(request(), Limits(memory_bytes=10**8))
    assert runner.limits[0].time_s == 7.0
    assert runner.limits[0].memory_bytes > 0
    assert runner.limits[1].memory_bytes == 10**8


def test_the_device_is_described_without_measuring():
    runner = FakeRunner()
    info = Agent("local", runner=runner, reference=REFERENCE).info()
    assert (info.name, info.identity, info.state) == ("local", device_identity(), "ready")
    assert info.facts["reference_latency_s"] == REFERENCE.latency_s
    assert info.facts["cores"] >= 1
    assert {"sensors", "throttling", "runtimes"} <= set(info.facts)
    assert not runner.asked


def test_closing_ends_the_runner():
    runner = FakeRunner()
    Agent("local", runner=runner).close()
    assert runner.closed == 1


def test_the_agent_survives_a_candidate_that_eats_all_memory():
    agent = Agent("local", reference=REFERENCE)
    try:
        failed = agent.profile(request(hidden=100_000), Limits(memory_bytes=2 * 10**9))
        answered = agent.profile(request())
    finally:
        agent.close()
    assert failed.status is MeasurementStatus.FAILED
    assert failed.reason.startswith("out of memory")
    assert answered.status is MeasurementStatus.OK
    assert answered.values["latency_s"].value > 0
    assert answered.values["memory_bytes"].provenance is Provenance.EXACT


def test_the_agent_needs_neither_torch_nor_ray_nor_numpy():
    code = "import device_agents.agent, sys; print(sorted({'torch', 'ray', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


GPU = Accelerator("GPU-1", "Tesla T4", 16 * 10**9, "550.54")


def of_gpu(**options):
    identity = device_identity(executes=GPU.executes)
    return ProfileRequest(Candidate(Architecture((Layer(8, HEADS, (16,)),)), **options), WINDOWS, Workload(), identity)


def test_an_agent_of_a_gpu_is_another_device_and_tells_the_runner_which_gpu():
    runner = FakeRunner()
    agent = Agent("gpu", runner=runner, accelerator=GPU)
    asked = of_gpu()
    assert agent.profile(asked).request_id == asked.request_id
    assert agent.identity == asked.device_identity != device_identity()
    assert [payload["accelerator"]["uuid"] for payload in runner.asked] == ["GPU-1", "GPU-1"]
    assert "accelerator" not in runner.asked[1]["request"]


def test_an_agent_of_the_processor_tells_the_runner_of_no_gpu():
    runner = FakeRunner()
    Agent("local", runner=runner).profile(request())
    assert all("accelerator" not in payload for payload in runner.asked)


def test_a_limit_of_memory_is_the_gpus_and_not_the_address_space_of_the_process():
    runner = FakeRunner()
    Agent("gpu", runner=runner, reference=REFERENCE, accelerator=GPU).profile(of_gpu(), Limits(60.0, 5 * 10**6))
    assert runner.limits == [Limits(60.0, None)]
    assert runner.asked[0]["accelerator"]["memory_bytes"] == 5 * 10**6


def test_a_candidate_that_does_not_fit_on_the_gpu_fails_with_that_reason():
    detail = "MemoryError: the GPU is out of memory: the model needs more than Tesla T4 has free"
    runner = FakeRunner(JobFailed(FailureKind.OUT_OF_MEMORY, "out of memory: of the machine", detail))
    measurement = Agent("gpu", runner=runner, reference=REFERENCE, accelerator=GPU).profile(of_gpu())
    assert measurement.status is MeasurementStatus.FAILED
    assert measurement.reason == "out of memory: the model needs more than Tesla T4 has free"


def test_a_runtime_that_does_not_run_on_the_gpu_is_refused_without_asking_the_runner():
    runner = FakeRunner()
    agent = Agent("gpu", runner=runner, accelerator=GPU)
    measurement = agent.profile(of_gpu(deployment=Deployment(runtime=Runtime.ONNXRUNTIME)))
    assert measurement.status is MeasurementStatus.FAILED
    assert "expected the runtime torch on a GPU" in measurement.reason
    assert runner.asked == []


def test_processor_and_gpu_of_one_machine_never_measure_at_once():
    runner = FakeRunner()
    gpu = Agent("gpu", runner=runner, reference=REFERENCE, accelerator=GPU)
    with ExclusiveUse(device_identity()).held(1.0), pytest.raises(JobFailed, match="still in use by another agent"):
        gpu.profile(of_gpu(), Limits(0.01))
    assert runner.asked == []


def test_the_facts_say_which_gpu_runs_models_and_of_which_machine_it_is():
    facts = Agent("gpu", runner=FakeRunner(), accelerator=GPU).info().facts
    assert facts["accelerator"] == GPU.to_json()
    assert facts["machine_identity"] == device_identity()
    assert facts["cores"] >= 1
