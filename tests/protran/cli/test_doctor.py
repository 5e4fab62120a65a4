from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from power_calibrations import make_calibration

from device_agents.environment import device_identity, machine_facts
from device_agents.meters.reports import SensorReport, SensorState
from device_agents.meters.spec import MeterKind
from device_agents.power_calibration.storage import DATA_VARIABLE, calibration_path, save_calibration
from device_agents.throttling import Throttling
from protran.cli import health
from protran.cli.health import Health

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


def test_it_says_what_can_be_measured_and_ends_with_0(run: Run) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert "latency_s" in ran.out
    assert "device_identity" in ran.out


def test_its_json_holds_machine_sensors_and_checks(run: Run, tmp_path: Path) -> None:
    told = json.loads(run("doctor", "--json", "--runs", str(tmp_path)).out)
    assert told["measurable"]["latency_s"] is True
    assert set(told["throttling"]) == {"throttled", "reasons", "temperature_celsius"}
    assert {"processor", "cores", "python", "torch"} <= set(told["machine"])
    assert {"torch", "ray", "load", "memory", "heat", "runs", "cache"} <= {check["name"] for check in told["checks"]}
    assert all({"sensor", "state", "finding", "command"} == set(sensor) for sensor in told["sensors"])


def test_a_sensor_that_is_closed_comes_with_the_command_that_opens_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SensorReport("RAPL", SensorState.NO_ACCESS, "only root may read it", "sudo chmod a+r /sys/x")
    monkeypatch.setattr("device_agents.meters.discovery.discover", lambda: (report,))
    ran = run("doctor")
    assert "sudo chmod a+r /sys/x" in ran.out
    assert "energy_j: no usable sensor" in ran.out
    (told,) = json.loads(run("doctor", "--json").out)["sensors"]
    assert told["finding"] == "only root may read it"


def test_a_sensor_that_can_be_read_makes_energy_measurable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    report = SensorReport("RAPL", SensorState.USABLE, "package-0 can be read", meter=MeterKind.RAPL)
    monkeypatch.setattr("device_agents.meters.discovery.discover", lambda: (report,))
    told = json.loads(run("doctor", "--json").out)
    assert told["measurable"]["energy_j"] is told["measurable"]["peak_power_w"] is True
    assert "no usable sensor" not in run("doctor").out
    assert "calibrate-power" not in run("doctor").out


def test_a_runs_folder_that_is_a_file_is_a_warning_but_no_failure(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "runs"
    path.write_text("")
    ran = run("doctor", "--json", "--runs", str(path))
    check = next(item for item in json.loads(ran.out)["checks"] if item["name"] == "runs")
    assert (ran.code, check["health"]) == (0, "warning")
    assert check["command"].startswith("mv ")


def test_a_folder_that_will_be_created_is_fine(tmp_path: Path) -> None:
    assert health.folder("runs", tmp_path / "new" / "runs").health is Health.OK


def test_a_busy_machine_is_a_warning() -> None:
    facts = machine_facts()
    assert health.load(replace(facts, load=2.0, cores=2)).health is Health.WARNING
    assert health.load(replace(facts, load=0.1, cores=2)).health is Health.OK
    assert health.load(replace(facts, load=None)).health is Health.OK


@pytest.mark.parametrize(("available", "expected"), [(None, Health.OK), (10**9, Health.WARNING), (10**10, Health.OK)])
def test_little_free_memory_is_a_warning(available: int | None, expected: Health) -> None:
    assert health.memory(available).health is expected


@pytest.mark.parametrize(
    ("throttling", "expected", "finding"),
    [
        (Throttling(None), Health.OK, "the machine does not say whether it is throttled, temperature unknown"),
        (Throttling(False, (), 51.6), Health.OK, "not throttled, 52 C"),
    ],
)
def test_a_machine_that_is_not_throttled_is_well(throttling: Throttling, expected: Health, finding: str) -> None:
    check = health.heat(throttling)
    assert (check.health, check.finding) == (expected, finding)


def test_a_throttled_machine_is_a_warning_with_the_reasons(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hot = Throttling(True, ("firmware says under-voltage",), 84.0)
    monkeypatch.setattr("device_agents.throttling.read_throttling", lambda: hot)
    assert "heat: throttled, 84 C: firmware says under-voltage; measurements will be rejected" in run("doctor").out
    told = json.loads(run("doctor", "--json").out)
    assert told["throttling"] == hot.to_json()
    assert next(check for check in told["checks"] if check["name"] == "heat")["health"] == "warning"


def without_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device_agents.meters.discovery.discover", lambda: ())


def calibration_check(run: Run) -> Any:
    checks = json.loads(run("doctor", "--json").out)["checks"]
    return next(check for check in checks if check["name"] == "power calibration")


def test_without_a_sensor_it_points_to_the_plug_meter(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    without_sensor(monkeypatch)
    check = calibration_check(run)
    assert (check["health"], check["command"]) == ("missing", "protran device calibrate-power")


def test_a_calibration_of_this_machine_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    without_sensor(monkeypatch)
    save_calibration(make_calibration(identity=device_identity()))
    check = calibration_check(run)
    assert check["health"] == "ok"
    assert check["finding"].startswith("of 2026-11-26 with Plug 1")


def test_a_damaged_calibration_is_a_warning(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    without_sensor(monkeypatch)
    path = calibration_path(device_identity())
    path.parent.mkdir(parents=True)
    path.write_text("{")
    check = calibration_check(run)
    assert (check["health"], check["command"]) == ("warning", "protran device calibrate-power")


def test_a_library_that_is_optional_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    found = {check.name: check for check in health.libraries()}
    assert (found["torch"].health, found["onnxruntime"].health) == (Health.WARNING, Health.MISSING)
    assert found["onnxruntime"].command == "pip install 'protran[onnx]'"
