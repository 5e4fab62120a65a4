from __future__ import annotations

import pytest

from device_agents.fleet.registry import Enrolled
from protran.campaign import runtimes
from protran.campaign.runtimes import check_runtimes
from protran.config import config_from_arguments
from protran.errors import InputError


def config(*deploy: str, devices: tuple[str, ...] = ("local",)):
    fields = {"name": "x", "space": "edge-small", "task": "watch", "deploy": list(deploy), "devices": list(devices)}
    return config_from_arguments(fields)


@pytest.fixture
def device(monkeypatch):
    """Lets a device of the fleet have these facts and options."""

    def put(facts, options=None):
        known = Enrolled("pi", "1234", "10.0.0.2", admitted=True, facts=facts, agent={"options": options or {}})
        monkeypatch.setattr(runtimes, "fleet_device", lambda name: known)

    return put


def _all(library: str) -> bool:
    return True


def _none(library: str) -> bool:
    return False


@pytest.mark.parametrize("word", ["int8", "int8-static", "mixed"])
def test_int8_is_scored_here_whatever_is_measured_on(word) -> None:
    with pytest.raises(InputError, match=f"deploy: {word} needs onnx and onnxruntime, .* pip install 'protran"):
        check_runtimes(config("pruned", word, devices=("sim:rpi4",)), _none)


def test_only_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match="deploy: int8 needs onnxruntime, which"):
        check_runtimes(config("int8"), lambda library: library == "onnx")


def test_fp32_in_onnxruntime_is_scored_by_torch_but_measured_here_needs_it() -> None:
    check_runtimes(config("onnx", devices=("sim:rpi4",)), _none)
    with pytest.raises(InputError, match="deploy: onnx needs"):
        check_runtimes(config("onnx"), _none)


def test_what_torch_runs_needs_nothing() -> None:
    check_runtimes(config("pruned", "bf16", "fp32"), _none)
    check_runtimes(config(), _none)


def test_a_device_of_the_fleet_without_onnxruntime_is_named(device) -> None:
    device({"runtimes": {"torch": "2.9", "onnxruntime": None}})
    with pytest.raises(InputError, match="onnxruntime, which 'pi' does not have; enrol it anew"):
        check_runtimes(config("int8", devices=("pi",)), _all)
    check_runtimes(config("pruned", devices=("pi",)), _all)


def test_a_gpu_runs_torch_alone(device) -> None:
    device({"accelerator": {"kind": "cuda"}, "runtimes": {"onnxruntime": "1.26"}})
    with pytest.raises(InputError, match="'pi' is a GPU, which runs torch alone"):
        check_runtimes(config("onnx", devices=("pi",)), _all)


@pytest.mark.parametrize(
    ("facts", "options"),
    [
        ({}, {}),
        ({"runtimes": {"torch": None, "onnxruntime": "1.26"}}, {}),
        ({"runtimes": {"torch": None, "onnxruntime": None}}, {"runner_python": "/opt/models/bin/python"}),
    ],
)
def test_a_device_that_may_have_it_is_let_through(device, facts, options) -> None:
    device(facts, options)
    check_runtimes(config("int8", devices=("pi",)), _all)
