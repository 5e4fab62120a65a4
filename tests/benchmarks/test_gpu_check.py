"""The program for a person with a GPU, on a machine that has none and on a stand-in for one that has."""

from __future__ import annotations

import importlib.util
import json
from functools import partial
from pathlib import Path

import pytest

from device_agents.accelerator import refusal
from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet import local_agent
from device_agents.isolation import FailureKind, JobFailed
from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from device_agents.nvidia_gpus import find_accelerator
from device_agents.reference import ReferenceLatency

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "gpu_check.py"
FACTS = {"processor": "P", "cores": 8, "operating_system": "Linux", "python": "3.11", "torch": "2.13"}
GPU = {"name": "Tesla T4", "driver": "550.54"}


@pytest.fixture
def program():
    specification = importlib.util.spec_from_file_location("gpu_check", PROGRAM)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class StandIn:
    """An agent of a GPU: every energy 1 % more than the one before."""

    identity = "gpu"

    def __init__(self, *, sensor=True, short_of_memory=True, broken=False):
        self.sensor, self.short_of_memory, self.broken = sensor, short_of_memory, broken
        self.energies, self.closed = 0, 0

    def calibrate(self):
        if self.broken:
            raise JobFailed(FailureKind.LOST, "device gpu cannot run the reference model")
        return ReferenceLatency(0.001, 1e-6, 1.0, contended=False)

    def lean_on(self, reference):
        self.reference = reference

    def info(self):
        return DeviceInfo("gpu", "gpu", "ready", {**FACTS, "accelerator": GPU})

    def profile(self, request, limits, *, energy=True):
        reason = refusal(request.candidate.deployment)
        if limits.memory_bytes is not None and self.short_of_memory:
            reason = "out of memory: the model needs more than the limit of 3 MB"
        elif limits.time_s < 1:
            reason = "timed out: it was killed after 0.5 s"
        if reason:
            return Measurement(request.request_id, "gpu", MeasurementStatus.FAILED, reason=reason)
        values = {"latency_s": Value(0.002, 1e-5, Provenance.MEASURED_COUNTER), "energy_j": UNAVAILABLE}
        if energy and self.sensor:
            self.energies += 1
            values["energy_j"] = Value(1.0 + 0.01 * self.energies, 0.001, Provenance.MEASURED_COUNTER)
        meter = "NVML of GPU 0 Tesla T4, the GPU alone" if energy and self.sensor else ""
        return Measurement(request.request_id, "gpu", MeasurementStatus.OK, values, meter=meter)

    def close(self):
        self.closed += 1


@pytest.fixture
def run(program, monkeypatch, tmp_path, capsys):
    """Runs the program on an agent; returns exit code, what it printed, and what it wrote."""

    def start(agent):
        def no_zeus(work):
            raise DeviceError("the library zeus is not installed")

        monkeypatch.setattr(program, "local_agent", lambda name, accelerator: agent)
        monkeypatch.setattr(program, "cross_check", no_zeus)
        code = program.main(["--results", str(tmp_path)])
        written = tmp_path / "gpu_check.json"
        printed = capsys.readouterr()
        return code, printed.out + printed.err, json.loads(written.read_text()) if written.exists() else None

    return start


def test_without_a_gpu_it_ends_with_one_sentence_and_1(program, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(local_agent, "find_accelerator", partial(find_accelerator, root=tmp_path))  # no driver there
    assert program.main(["--results", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("no NVIDIA GPU was found; nothing was measured: ")
    assert (printed.out, printed.err.count("\n"), list(tmp_path.iterdir())) == ("", 1, [])


def test_a_gpu_is_told_with_machine_driver_repeats_spread_and_what_must_fail(run):
    agent = StandIn()
    code, printed, written = run(agent)
    assert (code, agent.closed, len(written["rows"]), written["repeats"]) == (0, 1, 5, 5)
    assert written["spread"]["energy_j"] == pytest.approx(0.0153, abs=1e-4)
    for words in ("Tesla T4, driver 550.54", "the GPU alone", "| energy_j | 1.54 % |", "Zeus: not compared"):
        assert words in printed
    assert [row["as_expected"] for row in written["deployments"]] == [True] * 8


def test_a_gpu_without_a_sensor_has_no_joules_and_no_spread_of_them(run):
    code, printed, written = run(StandIn(sensor=False))
    assert (code, written["spread"]["energy_j"], written["rows"][0]["energy_j"]) == (0, None, None)
    assert "meter: none, no joules" in printed
    assert "| energy_j | not measured |" in printed


def test_what_should_have_failed_and_did_not_is_exit_code_1(run):
    code, printed, _ = run(StandIn(short_of_memory=False))
    assert code == 1
    assert "| too little memory | **no** | ok |" in printed


def test_a_gpu_that_cannot_run_the_reference_is_one_sentence(run):
    code, printed, written = run(StandIn(broken=True))
    assert (code, written) == (1, None)
    assert printed == "the GPU cannot be measured on: device gpu cannot run the reference model\n"
