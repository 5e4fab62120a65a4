from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.fleet.base import JobResult, ProfileJob
from device_agents.fleet.folder import FOLDER_VARIABLE, REGISTRY
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.isolation import FailureKind, JobFailed
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.meters.spec import MeterKind, MeterSpec
from device_agents.workload import Workload
from protran.errors import InputError
from protran.profiling import LIMITS, Profiler
from search_spaces.presets import preset

CANDIDATE, INPUT = preset("bert-tiny")
IDENTITY = "identity-of-pi"


def answer(request: ProfileRequest) -> Measurement:
    return Measurement(request.request_id, request.device_identity, MeasurementStatus.OK)


class FakeAgent:
    """Answers every request, or fails, and notes what it was asked."""

    def __init__(self, name: str, *, meter: MeterSpec) -> None:
        self.name, self.meter, self.closed = name, meter, 0
        self.identity = device_identity()
        self.asked: list[tuple[ProfileRequest, Any, bool]] = []
        self.failure: Exception | None = None

    def profile(self, request: ProfileRequest, limits: Any, *, keep_trace: bool = False) -> Measurement:
        self.asked.append((request, limits, keep_trace))
        if self.failure is not None:
            raise self.failure
        return answer(request)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch) -> list[FakeAgent]:
    """The agents of this machine that were made."""
    made: list[FakeAgent] = []

    def make(name: str, *, meter: MeterSpec) -> FakeAgent:
        made.append(FakeAgent(name, meter=meter))
        return made[-1]

    monkeypatch.setattr("protran.profiling.Agent", make)
    monkeypatch.setattr("protran.profiling.local_meter", lambda: MeterSpec(MeterKind.RAPL))
    return made


class FakeDispatcher:
    """Answers at the second look, so often as it is asked; or says that the device was lost."""

    def __init__(self) -> None:
        self.jobs: list[ProfileJob] = []
        self.looks = self.closed = 0
        self.failure: str | None = None
        self.opened: dict[str, Any] = {}

    def submit(self, job: ProfileJob) -> None:
        self.jobs.append(job)
        self.looks = 0

    def next_result(self, timeout_s: float) -> JobResult | None:
        self.looks += 1
        if self.looks < 2:
            return None
        job = self.jobs[-1]
        if self.failure is not None:
            return JobResult(job.job_id, failure=self.failure, lost=True)
        return JobResult(job.job_id, measurement=answer(job.request))

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def dispatcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDispatcher:
    """The dispatcher of a fleet with one device, `pi`."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    Registry(tmp_path / REGISTRY).put(Enrolled("pi", IDENTITY, "10.0.0.2", admitted=True))
    fake = FakeDispatcher()

    def opened(**options: Any) -> FakeDispatcher:
        fake.opened = options
        return fake

    monkeypatch.setattr("protran.profiling.open_dispatcher", opened)
    return fake


def test_a_simulated_device_answers_and_each_repeat_differs() -> None:
    with Profiler("sim:a100") as profiler:
        first, second = profiler.measure(CANDIDATE, INPUT, repeats=2)
    assert first.values["latency_s"].provenance is Provenance.SIMULATED
    assert first.values["latency_s"] != second.values["latency_s"]


def test_all_measurements_of_this_machine_are_those_of_one_agent_with_its_sensor(agents: list[FakeAgent]) -> None:
    with Profiler() as profiler:
        profiler.measure(CANDIDATE, INPUT, repeats=2)
        profiler.measure(CANDIDATE, INPUT, Workload(batch_size=8), keep_trace=True)
    (agent,) = agents
    assert (agent.name, agent.meter.kind, agent.closed) == ("local", MeterKind.RAPL, 1)
    requests = [request for request, _, _ in agent.asked]
    assert [(request.repeat, request.workload.batch_size) for request in requests] == [(0, 1), (1, 1), (0, 8)]
    assert {request.device_identity for request in requests} == {device_identity()}
    assert [keep_trace for _, _, keep_trace in agent.asked] == [False, False, True]
    assert {limits for _, limits, _ in agent.asked} == {LIMITS}


def test_a_runner_that_was_lost_is_no_measurement(agents: list[FakeAgent]) -> None:
    with Profiler() as profiler:
        agents[0].failure = JobFailed(FailureKind.LOST, "the runner was killed")
        with pytest.raises(DeviceError, match="the runner was killed"):
            profiler.measure(CANDIDATE, INPUT)


def test_a_device_of_the_fleet_is_asked_through_its_dispatcher_alone(dispatcher: FakeDispatcher) -> None:
    with Profiler("pi") as profiler:
        first, second = profiler.measure(CANDIDATE, INPUT, repeats=2, keep_trace=True)
    assert dispatcher.opened["devices"] == ["pi"]
    assert (first.status, first.device_identity, second.device_identity) == (MeasurementStatus.OK, IDENTITY, IDENTITY)
    assert [(job.request.repeat, job.limits, job.keep_trace) for job in dispatcher.jobs] == [
        (0, LIMITS, True),
        (1, LIMITS, True),
    ]
    assert dispatcher.closed == 1


def test_a_device_that_is_lost_is_an_error_that_says_where_to_look(dispatcher: FakeDispatcher) -> None:
    dispatcher.failure = "lost: pi has been away for 3 s"
    with Profiler("pi") as profiler, pytest.raises(DeviceError, match=r"away for 3 s; see `protran device doctor pi`"):
        profiler.measure(CANDIDATE, INPUT, repeats=2)
    assert len(dispatcher.jobs) == 1  # the next repeat would be lost, too


def test_fewer_than_one_repeat_is_refused() -> None:
    with Profiler("sim:rpi4") as profiler, pytest.raises(InputError, match="repeats must be at least 1, got 0"):
        profiler.measure(CANDIDATE, INPUT, repeats=0)


def test_an_unknown_device_is_refused_before_anything_starts(
    dispatcher: FakeDispatcher, agents: list[FakeAgent]
) -> None:
    with pytest.raises(InputError, match="device 'nano' is not known"):
        Profiler("nano")
    assert (dispatcher.opened, agents) == ({}, [])


@pytest.mark.parametrize("device", ["local", "pi", "sim:rpi4"])
def test_closing_twice_ends_it_once_and_then_nothing_is_measured(
    device: str, dispatcher: FakeDispatcher, agents: list[FakeAgent]
) -> None:
    profiler = Profiler(device)
    profiler.close()
    profiler.close()
    assert dispatcher.closed + sum(agent.closed for agent in agents) == (0 if device.startswith("sim:") else 1)
    with pytest.raises(DeviceError, match=f"the profiler of {device} is closed; open a new one"):
        profiler.measure(CANDIDATE, INPUT)


def test_a_gpu_of_this_machine_answers_as_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = FakeAgent("local", meter=MeterSpec())
    agent.identity = "the GPU's"
    asked: list[tuple[str, str]] = []

    def local_agent(name: str, *, accelerator: str) -> FakeAgent:
        asked.append((name, accelerator))
        return agent

    monkeypatch.setattr("protran.profiling.local_agent", local_agent)
    with Profiler(accelerator="cuda:1") as profiler:
        (measurement,) = profiler.measure(CANDIDATE, INPUT)
    assert (asked, measurement.device_identity, agent.closed) == ([("local", "cuda:1")], "the GPU's", 1)


def test_an_accelerator_of_another_device_is_refused() -> None:
    with pytest.raises(InputError, match="an accelerator is of this machine"):
        Profiler("sim:rpi4", accelerator="cuda")
