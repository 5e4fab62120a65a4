from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value
from device_agents.workload import Workload
from protran.cli.profile_points import Point
from protran.cli.profile_sweep import sweep_bar
from search_spaces.presets import BERT_INPUT

Run = Callable[..., Any]
SWEEP = ("--batch", "1", "--batch", "8", "--length", "32", "--length", "64")


def good(latency_s: float) -> Measurement:
    values = {"latency_s": Value(latency_s, latency_s / 100, Provenance.MEASURED_COUNTER)}
    return Measurement("r", "d", MeasurementStatus.OK, values)


def answering(api: Any, answers: list[Any]) -> list[Any]:
    """Lets the device answer like this, call by call, and returns the calls."""
    calls: list[Any] = []

    def profile(*arguments: Any, **options: Any) -> list[Measurement]:
        calls.append((arguments, options))
        answer = answers[len(calls) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return [answer]

    api.profile = profile
    return calls


def test_the_product_of_batches_and_lengths_is_measured_and_shown_as_one_table(run: Run, api: Any) -> None:
    calls = answering(api, [good(0.001 * number) for number in (1, 2, 3, 4)])
    ran = run("profile", "bert-tiny", *SWEEP)
    assert ran.code == 0
    asked = [(spec.length, call.batch_size) for (_, spec, call), _ in calls]
    assert asked == [(32, 1), (32, 8), (64, 1), (64, 8)]
    for words in ("4 points, each one measurement", "2.000 ± 0.020 ms", "250.0 ± 2.5 us", "measured-counter"):
        assert words in ran.out


def test_the_json_has_one_entry_for_each_point(run: Run, api: Any) -> None:
    answering(api, [good(0.008)] * 4)
    told = json.loads(run("profile", "bert-tiny", *SWEEP, "--json").out)
    assert (told["planned"], told["interrupted"]) == (4, False)
    second = told["points"][1]
    assert (second["device"], second["input_spec"]["length"], second["workload"]["batch_size"]) == ("local", 32, 8)
    assert (second["status"], second["per_sequence"]) == ("ok", {"latency_s": 0.001})


def test_a_point_that_fails_is_a_row_with_its_reason_and_the_others_go_on(run: Run, api: Any) -> None:
    failed = Measurement("r", "d", MeasurementStatus.FAILED, reason="out of memory")
    answering(api, [good(0.001), failed, good(0.003), good(0.004)])
    ran = run("profile", "bert-tiny", *SWEEP)
    assert ran.code == 0
    assert "local, length 32, batch 8: failed: out of memory" in ran.out
    assert "3.000 ± 0.030 ms" in ran.out


def test_where_every_point_fails_the_reasons_are_printed_and_the_command_fails(run: Run, api: Any) -> None:
    reasons = [f"reason {number}" for number in range(4)]
    answering(api, [Measurement("r", "d", MeasurementStatus.REJECTED, reason=reason) for reason in reasons])
    ran = run("profile", "bert-tiny", *SWEEP)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "measured at none of 4 points" in ran.err
    assert all(f"rejected: {reason}" in ran.out for reason in reasons)


def test_an_interrupt_prints_and_draws_what_was_measured_and_ends_with_130(run: Run, api: Any, tmp_path: Path) -> None:
    answering(api, [good(0.001), good(0.002), KeyboardInterrupt()])
    picture = tmp_path / "sweep.png"
    ran = run("profile", "bert-tiny", *SWEEP, "--picture", str(picture))
    assert (ran.code, ran.err) == (130, "protran: interrupted after 2 of 4 points, which are printed\n")
    assert "2.000 ± 0.020 ms" in ran.out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_interrupt_leaves_one_json_object(run: Run, api: Any) -> None:
    answering(api, [good(0.001), KeyboardInterrupt()])
    ran = run("profile", "bert-tiny", *SWEEP, "--json")
    assert ran.code == 130
    assert (len(json.loads(ran.out)["points"]), json.loads(ran.out)["interrupted"]) == (1, True)


def test_several_devices_are_swept_one_after_another(run: Run) -> None:
    devices = ("--device", "sim:rpi4", "--device", "sim:a100")
    told = json.loads(run("profile", "bert-tiny", *devices, "--batch", "1", "--batch", "4", "--json").out)
    assert [point["device"] for point in told["points"]] == ["sim:rpi4"] * 2 + ["sim:a100"] * 2
    alone = json.loads(run("profile", "bert-tiny", "--device", "sim:a100", "--batch", "4", "--json").out)
    assert told["points"][3]["values"] == alone["values"]


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_is_drawn_on_a_terminal_only(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = io.StringIO()
    with sweep_bar(Console(file=written, force_terminal=terminal, width=100), 4) as observe:
        observe(1, Point("local", BERT_INPUT, Workload(batch_size=8)))
    assert ("1/4" in written.getvalue() and "local, length 128, batch 8" in written.getvalue()) is terminal
    assert terminal or written.getvalue() == ""
