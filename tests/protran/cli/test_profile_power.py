from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import protran.sensors
from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.spec import MeterKind, MeterSpec

Run = Callable[..., Any]

TRACE = ((0.0, 2.0), (1.0, 2.0), (2.0, 5.0), (3.0, 6.0), (4.0, 2.0))
PHASES = (("idle-before", 0.0, 1.5), ("busy", 1.5, 3.5), ("idle-after", 3.5, 4.5))


def measurement(status: str = "ok", reason: str = "", trace: tuple[tuple[float, float], ...] = TRACE) -> Measurement:
    values = {
        "latency_s": Value(0.002, 0.0001, Provenance.MEASURED_COUNTER),
        "peak_power_w": Value(5.5, 0.1, Provenance.MEASURED_SAMPLED),
    }
    return Measurement(
        "r",
        "d",
        MeasurementStatus(status),
        values,
        reason=reason,
        details={"idle_power_w": 2.0, "sensor_bandwidth_hz": 5.0},
        meter="a sensor",
        power_trace=trace,
        power_phases=PHASES if trace else (),
    )


@pytest.fixture
def sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives this machine a power sensor."""
    monkeypatch.setattr(protran.sensors, "local_meter", lambda: MeterSpec(MeterKind.RAPL))


def test_the_trace_is_kept_and_written_as_numbers(run: Run, api: Any, sensor: None, tmp_path: Path) -> None:
    api.measurements = [measurement()]
    path = tmp_path / "trace.json"
    ran = run("profile", "bert-tiny", "--power-trace", str(path))
    assert (ran.code, api.asked["keep_trace"]) == (0, True)
    assert f"power trace: {path}" in ran.out
    told = json.loads(path.read_text())
    assert (told["sensor"], told["bandwidth_hz"], told["peak_power_w"], told["idle_power_w"]) == (
        "a sensor",
        5.0,
        5.5,
        2.0,
    )
    assert told["title"] == "bert-tiny, length 128, inference on batch 1, on local"


def test_a_csv_file_of_a_trace_is_a_recording_to_replay(run: Run, api: Any, sensor: None, tmp_path: Path) -> None:
    api.measurements = [measurement()]
    path = tmp_path / "trace.csv"
    run("profile", "bert-tiny", "--power-trace", str(path))
    assert ReplayMeter.from_csv(path)._trace.power_w == tuple(power_w for _, power_w in TRACE)


def test_the_trace_is_drawn_and_json_stays_one_object(run: Run, api: Any, sensor: None, tmp_path: Path) -> None:
    api.measurements = [measurement()]
    path = tmp_path / "trace.png"
    ran = run("profile", "bert-tiny", "--power-trace", str(path), "--json")
    assert json.loads(ran.out)["device"] == "local"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_measurement_that_counts_goes_before_one_that_does_not(
    run: Run, api: Any, sensor: None, tmp_path: Path
) -> None:
    api.measurements = [measurement("rejected", "hot", ((0.0, 9.0), (1.0, 9.0))), measurement()]
    path = tmp_path / "trace.json"
    run("profile", "bert-tiny", "--power-trace", str(path))
    assert json.loads(path.read_text())["time_s"] == [time_s for time_s, _ in TRACE]


def test_a_rejected_measurement_alone_has_its_trace_written_and_still_fails(
    run: Run, api: Any, sensor: None, tmp_path: Path
) -> None:
    api.measurements = [measurement("rejected", "hot")]
    path = tmp_path / "trace.json"
    ran = run("profile", "bert-tiny", "--power-trace", str(path))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert json.loads(path.read_text())["remark"] == "rejected: hot"


def test_a_sensor_that_gave_no_samples_is_one_sentence_below_the_values(
    run: Run, api: Any, sensor: None, tmp_path: Path
) -> None:
    api.measurements = [measurement(trace=())]
    path = tmp_path / "trace.png"
    ran = run("profile", "bert-tiny", "--power-trace", str(path))
    assert (ran.code, ran.err.count("\n"), path.exists()) == (1, 1, False)
    assert "2.00 ± 0.10 ms" in ran.out
    assert "expected power samples, a sensor gave none" in ran.err


def test_without_a_sensor_nothing_is_measured(
    run: Run, api: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(protran.sensors, "local_meter", MeterSpec)
    ran = run("profile", "bert-tiny", "--power-trace", str(tmp_path / "trace.png"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "no usable power sensor, so there is nothing to draw" in ran.err
    assert api.asked == {}


def test_a_simulated_device_has_no_trace_and_says_so(run: Run, api: Any, tmp_path: Path) -> None:
    ran = run("profile", "bert-tiny", "--device", "sim:rpi4", "--power-trace", str(tmp_path / "trace.png"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "sim:rpi4 is simulated" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--power-trace", "x.gif"), "expected a file that ends in .png, .svg, .pdf, .csv, .json; got 'x.gif'"),
        (("--power-trace", "no/x.png"), "a folder that exists, got 'no/x.png'"),
        (("--power-trace", "x.png", "--device", "sim:rpi4", "--device", "sim:a100"), "got 2 of them"),
    ],
)
def test_a_trace_that_cannot_be_written_is_refused_before_anything_runs(
    run: Run, api: Any, options: tuple[str, ...], words: str
) -> None:
    ran = run("profile", "bert-tiny", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert api.asked == {}
