from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from device_agents.workload import Workload, WorkloadKind
from search_spaces.deployment import Deployment, Precision, Runtime

Run = Callable[..., Any]

LAYER = {"hidden": 8, "heads": ["sa_sdp"], "feed_forward": [16]}
MEASURED = Provenance.MEASURED_COUNTER


def measurement(latency_s: float = 0.002, stderr: float = 0.0001, **fields: Any) -> Measurement:
    values = {
        "latency_s": Value(latency_s, stderr, MEASURED),
        "memory_bytes": Value(40_000.0, 0.0, Provenance.EXACT),
        "energy_j": UNAVAILABLE,
    }
    return Measurement("r", "d", **{"status": MeasurementStatus.OK, "values": values, **fields})


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"architecture": {"layers": [LAYER]}}))
    return str(path)


def test_a_model_is_measured_and_shown_with_errors_and_provenance(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement(flags=("contended",))]
    ran = run("profile", model)
    assert ran.code == 0
    for words in ("2.00 ± 0.10 ms", "measured-counter", "40 kB", "unavailable", "flags: contended", "1 layer 8"):
        assert words in ran.out


@pytest.mark.parametrize(("repeats", "words"), [(1, "per call, one measurement"), (2, "mean of 2 measurements")])
def test_it_says_of_how_many_measurements_the_values_are(
    run: Run, api: Any, model: str, repeats: int, words: str
) -> None:
    api.measurements = [measurement()] * repeats
    assert words in run("profile", model).out


def test_device_batch_and_repeats_reach_the_device(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement()]
    run("profile", model, "--device", "pi", "--batch", "8", "--repeats", "3")
    candidate, input_spec, workload = api.asked["arguments"]
    assert (candidate.architecture.layers[0].hidden, input_spec.length, workload.batch_size) == (8, 151, 8)
    assert (api.asked["device"], api.asked["repeats"]) == ("pi", 3)


def test_a_training_step_in_micro_batches_reaches_the_device_and_is_shown(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement()]
    step = ("--workload", "training-step", "--batch", "8", "--micro-batches", "2")
    assert "training-step on batch 8 in 2 micro-batches, on local" in run("profile", model, *step).out
    assert api.asked["arguments"][2] == Workload(WorkloadKind.TRAINING_STEP, 8, 2)
    told = json.loads(run("profile", model, *step, "--json").out)
    assert told["workload"] == {"kind": "training-step", "batch_size": 8, "micro_batches": 2}


def test_precision_runtime_and_threads_are_the_deployment_that_is_measured(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement()]
    options = ("--precision", "int8-dynamic", "--runtime", "onnxruntime", "--threads", "2")
    assert "| int8-dynamic onnxruntime 2 threads" in run("profile", model, *options).out
    assert api.asked["arguments"][0].deployment == Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME, 2)


def test_options_change_what_they_name_of_the_deployment_in_a_file(run: Run, api: Any, tmp_path: Path) -> None:
    api.measurements = [measurement()]
    own = {"precision": "bf16", "threads": 2, "layers": [{"head_sparsity": 0.5}]}
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"architecture": {"layers": [LAYER]}, "deployment": own}))
    run("profile", str(path), "--threads", "4")
    assert api.asked["arguments"][0].deployment.to_json() == {**own, "threads": 4}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--precision", "bf17"), "precision must be one of fp32, bf16, fp16, int8-dynamic, int8-static; got 'bf17'"),
        (("--precision", "int8-static"), "set runtime to onnxruntime"),
        (("--runtime", "onnx"), "runtime must be one of torch, onnxruntime; got 'onnx'"),
        (("--workload", "sleep"), "workload must be inference or training-step, got 'sleep'"),
        (("--micro-batches", "2"), "micro_batches belong to a training step"),
        (("--workload", "training-step", "--batch", "3", "--micro-batches", "2"), "must be a multiple"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence_before_anything_runs(
    run: Run, api: Any, model: str, options: tuple[str, ...], words: str
) -> None:
    ran = run("profile", model, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert api.asked == {}


def test_what_profile_prints_is_a_model_to_profile(run: Run, api: Any, model: str, tmp_path: Path) -> None:
    api.measurements = [measurement()]
    printed = tmp_path / "printed.json"
    printed.write_text(run("profile", model, "--threads", "2", "--json").out)
    assert run("profile", str(printed)).code == 0
    assert api.asked["arguments"][0].deployment.threads == 2


def test_the_json_has_values_per_call_and_per_sequence(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement(0.008)]
    told = json.loads(run("profile", model, "--batch", "4", "--json").out)
    assert told["values"]["latency_s"] == {
        "value": 0.008,
        "stderr": 0.0001,
        "provenance": "measured-counter",
        "unit": "s",
    }
    assert told["per_sequence"] == {"latency_s": 0.002}
    assert len(told["measurements"]) == 1


def test_a_model_that_cannot_be_measured_ends_with_1_and_the_reason(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement(status=MeasurementStatus.FAILED, values={}, reason="out of memory")]
    ran = run("profile", model)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "out of memory" in ran.err
    assert json.loads(run("profile", model, "--json").out)["measurements"][0]["status"] == "failed"


def test_a_gene_that_is_unknown_is_one_sentence(run: Run, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"architecture": {"layers": [{**LAYER, "wings": 2}]}}))
    ran = run("profile", str(path))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "layer 1: unknown gene 'wings'" in ran.err
    assert api.asked == {}


def test_a_preset_that_is_unknown_is_one_sentence_with_those_that_there_are(run: Run, api: Any) -> None:
    ran = run("profile", "bert-gigantic")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "bert-tiny" in ran.err


def test_a_preset_is_measured(run: Run, api: Any) -> None:
    api.measurements = [measurement()]
    assert run("profile", "bert-tiny").code == 0
    assert api.asked["arguments"][0].architecture.layers[0].hidden == 128


THROTTLED = "the device throttled in the energy pass"


def rejected(latency_s: float = 0.009) -> Measurement:
    return measurement(latency_s, status=MeasurementStatus.REJECTED, reason=THROTTLED, flags=("throttled",))


def test_rejected_measurements_are_shown_with_their_reason_and_leave_the_mean_alone(
    run: Run, api: Any, model: str
) -> None:
    api.measurements = [measurement(0.002), rejected(), measurement(0.002)]
    ran = run("profile", model, "--repeats", "3")
    assert ran.code == 0
    for words in ("mean of 2 measurements", "2.000 ± 0.071 ms", f"1 of 3 measurements rejected: {THROTTLED}"):
        assert words in ran.out
    assert "flags" not in ran.out
    told = json.loads(run("profile", model, "--json").out)
    assert told["values"]["latency_s"]["value"] == 0.002
    assert [item["status"] for item in told["measurements"]] == ["ok", "rejected", "ok"]


def test_where_every_measurement_was_rejected_the_command_fails_and_says_so(run: Run, api: Any, model: str) -> None:
    api.measurements = [rejected(), rejected()]
    ran = run("profile", model, "--repeats", "2")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert f"rejected: {THROTTLED}" in ran.err
    assert json.loads(run("profile", model, "--json").out)["values"] == {}


def test_a_length_changes_what_the_model_reads(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement()]
    assert "windows of length 60, inference" in run("profile", model, "--length", "60").out
    assert api.asked["arguments"][1].length == 60


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--length", "3"), "--length 3 is none that this model reads"),
        (("--length", "20", "--length", "20"), "values of --length must differ, got 20, 20"),
        (("--batch", "1", "--batch", "1"), "values of --batch must differ, got 1, 1"),
        (("--picture", "x.png"), "--picture draws a sweep, got one call"),
        (("--batch", "1", "--batch", "2", "--power-trace", "x.png"), "--power-trace is of one call, got a sweep"),
        (("--batch", "1", "--batch", "2", "--picture", "x.gif"), "a picture must end in .png"),
        (("--batch", "1", "--batch", "2", "--picture", "no/x.png"), "'no' is no folder"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_sentence_before_anything_runs(
    run: Run, api: Any, model: str, options: tuple[str, ...], words: str
) -> None:
    ran = run("profile", model, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert api.asked == {}


def test_with_a_grid_a_profile_says_its_grams_and_without_energy_that_there_are_none(
    run: Run, api: Any, model: str
) -> None:
    energy = {"energy_j": Value(0.5, 0.01, MEASURED)}
    api.measurements = [measurement(values=energy)]
    options = ("--grid-intensity", "3600", "--pue", "1.5")
    assert "750 ug per call, 750 mg ± 2 % per 1,000 sequences, measured-counter" in run("profile", model, *options).out
    assert json.loads(run("profile", model, *options, "--json").out)["carbon"]["pue"] == 1.5
    sweep = json.loads(run("profile", model, "--batch", "1", "--batch", "2", *options, "--json").out)
    assert [point["carbon"]["per_call"]["unit"] for point in sweep["points"]] == ["g", "g"]
    api.measurements = [measurement()]
    assert "unavailable: no energy was measured" in run("profile", model, *options).out


def test_two_grids_are_refused_before_anything_is_measured(run: Run, api: Any, model: str) -> None:
    ran = run("profile", model, "--country", "DE", "--grid-intensity", "30")
    assert (ran.code, ran.err.count("\n"), api.asked) == (2, 1, {})


def test_an_accelerator_reaches_the_device(run: Run, api: Any, model: str) -> None:
    api.measurements = [measurement()]
    for device in ((), ("--device", "local")):
        assert run("profile", model, "--accelerator", "cuda:1", *device).code == 0
        assert (api.asked["device"], api.asked["accelerator"]) == ("local", "cuda:1")


def test_an_accelerator_is_of_this_machine_alone(run: Run, api: Any, model: str) -> None:
    ran = run("profile", model, "--accelerator", "cuda", "--device", "sim:rpi4")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--accelerator is of this machine, got --device sim:rpi4" in ran.err
