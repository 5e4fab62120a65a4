import pytest

from device_agents.accelerator import Accelerator
from device_agents.fleet import local_agent as module
from device_agents.fleet.local_agent import local_agent
from device_agents.meters.reports import SensorReport, SensorState
from device_agents.meters.spec import MeterKind, MeterSpec


@pytest.fixture
def machine_with_rapl(monkeypatch):
    report = SensorReport("RAPL", SensorState.USABLE, "package-0 can be read", meter=MeterKind.RAPL)
    monkeypatch.setattr(module, "discover", lambda: (report,))


def meter_of(**options):
    agent = local_agent("local", **options)
    try:
        return agent.info().facts["meter"]
    finally:
        agent.close()


def test_a_machine_with_a_sensor_is_measured_with_it_without_any_option(machine_with_rapl):
    assert meter_of() == "rapl"


def test_the_meter_that_was_asked_for_comes_before_the_best(machine_with_rapl):
    assert meter_of(meter={"kind": "none"}) == "none"


def test_a_machine_without_a_sensor_has_no_meter(monkeypatch):
    monkeypatch.setattr(module, "discover", lambda: ())
    assert meter_of() == "none"


@pytest.fixture
def gpu(monkeypatch):
    found = Accelerator("GPU-1", "Tesla T4", 16 * 10**9, "550.54")
    monkeypatch.setattr(module, "find_accelerator", {"cuda:1": found}.__getitem__)
    return found


def test_an_agent_of_a_gpu_is_that_gpu_and_its_counter_sees_it_alone(gpu, monkeypatch):
    kinds = (MeterKind.RAPL, MeterKind.NVML)
    reports = tuple(SensorReport(kind.value, SensorState.USABLE, "", meter=kind) for kind in kinds)
    monkeypatch.setattr(module, "discover", lambda: reports)
    made = []
    monkeypatch.setattr(module, "Agent", lambda name, **options: made.append(options))
    local_agent("gpu", accelerator="cuda:1")
    assert made[0]["accelerator"] == gpu
    assert made[0]["meter"] == MeterSpec(MeterKind.NVML, gpus=("GPU-1",))


def test_without_a_counter_of_its_own_a_gpu_is_not_measured_by_the_processors(gpu, machine_with_rapl):
    assert meter_of(accelerator="cuda:1") == "none"
