import pytest

from device_agents.fleet import local_agent as module
from device_agents.fleet.local_agent import local_agent
from device_agents.meters.reports import SensorReport, SensorState
from device_agents.meters.spec import MeterKind


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
