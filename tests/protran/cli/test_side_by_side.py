from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from protran.cli.side_by_side import ratios_to_first, remarks

Run = Callable[..., Any]


def document(device: str, latency_s: float | None, **fields: Any) -> dict[str, Any]:
    provenance = "unavailable" if latency_s is None else "simulated"
    value = {"value": latency_s, "stderr": None, "provenance": provenance, "unit": "s"}
    return {"device": device, "values": {"latency_s": value}, "measurements": [{"status": "ok", "flags": []}], **fields}


def test_ratios_are_those_to_the_first_device() -> None:
    ratios = ratios_to_first([document("a", 0.002), document("b", 0.001), document("c", 0.006)])
    assert ratios == {"a": {"latency_s": 1.0}, "b": {"latency_s": 0.5}, "c": {"latency_s": pytest.approx(3.0)}}


def test_what_one_of_both_does_not_know_has_no_ratio() -> None:
    for pair in ([document("a", None), document("b", 1.0)], [document("a", 1.0), document("b", None)]):
        assert ratios_to_first(pair)["b"] == {}
    assert ratios_to_first([document("a", 1.0), document("b", 1.0, values={})])["b"] == {}


def test_flags_and_failures_are_told_by_device() -> None:
    failed = {"flags": [], "status": "failed", "reason": "out of memory"}
    told = remarks(
        [
            document("a", 1.0),
            document("b", 1.0, measurements=[{"status": "ok", "flags": ["contended"]}]),
            document("c", None, values={}, measurements=[failed]),
        ]
    )
    assert told == ["b: flags: contended", "c: failed: out of memory"]


def test_rejected_measurements_are_told_beside_those_that_count() -> None:
    rejected = {"flags": ["throttled"], "status": "rejected", "reason": "hot"}
    told = remarks([document("a", 1.0, measurements=[{"status": "ok", "flags": []}, rejected])])
    assert told == ["a: 1 of 2 measurements rejected: hot"]


def test_one_model_is_shown_on_several_devices_with_provenance_and_ratios(run: Run) -> None:
    ran = run("profile", "bert-tiny", "--device", "sim:rpi4", "--device", "sim:a100")
    assert ran.code == 0
    for words in (
        "sim:rpi4",
        "sim:a100",
        "latency",
        "energy",
        "peak power",
        "memory",
        "exact",
        "x1",
        "simulated",
        "x0.0",
    ):
        assert words in ran.out
    assert "x is the ratio to sim:rpi4" in ran.out


def test_the_json_of_several_devices_has_one_object_each_and_the_ratios(run: Run) -> None:
    told = json.loads(run("profile", "bert-tiny", "--device", "sim:rpi4", "--device", "sim:a100", "--json").out)
    alone = json.loads(run("profile", "bert-tiny", "--device", "sim:a100", "--json").out)
    assert [item["device"] for item in told["devices"]] == ["sim:rpi4", "sim:a100"]
    assert told["devices"][1]["values"] == alone["values"]
    pi, a100 = (item["values"]["latency_s"]["value"] for item in told["devices"])
    assert told["ratios"]["sim:a100"]["latency_s"] == pytest.approx(a100 / pi)


def test_a_device_that_is_too_small_is_a_remark_beside_one_that_is_not(run: Run) -> None:
    options = ("--batch", "64", "--workload", "training-step")
    ran = run("profile", "bert-base", *options, "--device", "sim:a100", "--device", "sim:rpi4")
    assert ran.code == 0
    assert "sim:rpi4: failed: out of memory" in ran.out
    alone = run("profile", "bert-base", *options, "--device", "sim:rpi4")
    assert (alone.code, alone.err.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        (("sim:rpi4", "sim:rpi4"), "'sim:rpi4' and 'sim:rpi4' are the same device"),
        (("sim:rpi4", "sim:xyz"), "got 'sim:xyz'"),
        (("sim:rpi4", "pi"), "device 'pi' is not known"),
        (("sim:xyz",), "a simulated device must be one of sim:rpi4"),
    ],
)
def test_devices_that_are_not_there_are_one_sentence(run: Run, devices: tuple[str, ...], words: str) -> None:
    ran = run("profile", "bert-tiny", *(part for name in devices for part in ("--device", name)))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
