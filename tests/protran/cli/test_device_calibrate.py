from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.simulated import SimulatedAgent
from protran.cli.device_calibrate import calibration_bar

Run = Callable[..., Any]
FEW = ("device", "calibrate", "sim:rpi5", "--probes", "4", "--space", "flexibert-v2")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in, as wide as a terminal."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """No candidate fits into the memory of simulated devices."""

    def profile(self: SimulatedAgent, request: ProfileRequest, *limits: object, **options: object) -> Measurement:
        failed = MeasurementStatus.FAILED
        return Measurement(request.request_id, request.device_identity, failed, reason="out of memory")

    monkeypatch.setattr(SimulatedAgent, "profile", profile)


def test_the_table_has_the_errors_and_fits_into_eighty_characters(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("protran.fewshot.calibration.USUAL_TARGETS", ("latency_s",))
    ran = run(*FEW, "--picture", "errors.png")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("sim:rpi5, flexibert-v2, length 128, batch 1: 4 of 4 probes measured\n")
    (row,) = [line for line in ran.out.splitlines() if line.startswith("latency_s  ")]
    assert row.split()[1] == "unknown"
    assert "…" not in ran.out
    assert "latency_s: learned from its own rows alone" in ran.out
    assert "memory_bytes" in ran.out
    assert "drawn: errors.png" in ran.out
    assert (folder / "errors.png").stat().st_size > 10_000


def test_the_json_is_one_object_and_a_second_run_measures_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protran.fewshot.calibration.USUAL_TARGETS", ("latency_s",))
    first, second = (json.loads(run(*FEW, "--json", "--ledger", "own.sqlite").out) for _ in range(2))
    assert (first["device"], first["space"], first["probes"]["measured"]) == ("sim:rpi5", "flexibert-v2", 4)
    assert (first["probes"]["known_before"], second["probes"]["known_before"]) == (0, 4)
    assert first["measures"] == second["measures"]


def test_checks_take_the_place_of_the_probes_in_the_table(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protran.fewshot.calibration.USUAL_TARGETS", ("latency_s",))
    ran = run(*FEW, "--checks", "3")
    assert "4 of 4 probes, 3 of 3 checks measured" in ran.out
    assert "checks," in ran.out
    assert "probes," not in ran.out.splitlines()[2]


def test_options_say_what_is_read_and_what_a_call_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protran.fewshot.calibration.USUAL_TARGETS", ())
    usual = ("device", "calibrate", "sim:rpi5", "--probes", "2", "--json")
    told = json.loads(run(*usual, "--task", "watch", "--batch-size", "8").out)
    assert (told["input_spec"]["kind"], told["workload"]) == ("windows", {"batch_size": 8})
    told = json.loads(run(*usual, "--sequence", "64").out)
    assert (told["input_spec"]["kind"], told["input_spec"]["length"]) == ("tokens", 64)
    told = json.loads(run(*usual, "--space", "gpt-small").out)
    assert (told["input_spec"]["kind"], told["input_spec"]["length"]) == ("text", 1024)


@pytest.mark.usefixtures("fails")
def test_where_every_probe_failed_it_is_told_and_ends_with_1(run: Run) -> None:
    ran = run(*FEW)
    assert (ran.code, ran.err) == (1, "protran: no probe was measured on sim:rpi5: out of memory\n")
    assert ran.out.count("failed: out of memory") == 4
    told = run(*FEW, "--json")
    assert told.code == 1
    assert json.loads(told.out)["probes"]["measured"] == 0


def test_an_interrupt_says_that_the_same_command_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **options: object) -> Measurement:
        raise KeyboardInterrupt

    monkeypatch.setattr(SimulatedAgent, "profile", interrupt)
    ran = run(*FEW)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "protran: interrupted; the same command continues where it stopped\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("nano",), "device 'nano' is not known"),
        (("sim:nano",), "a simulated device must be one of"),
        (("sim:rpi4", "--probes", "20", "--pool", "16"), "expected 2 to 16 probes"),
        (("sim:rpi4", "--picture", "x.gif"), "a picture must end in .png"),
        (("sim:rpi4", "--space", "nothing"), "no space 'nothing'"),
        (("sim:rpi4", "--space", "gpt-small", "--task", "watch"), "expected an input spec of kind text"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_no_ledger_is_made(run: Run, more: tuple[str, ...], words: str) -> None:
    ran = run("device", "calibrate", *more)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert not Path("runs").exists()


def test_a_bar_counts_the_probes_on_a_terminal_alone() -> None:
    seen = {}
    for terminal in (False, True):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
        with calibration_bar(console) as observer:
            if observer is not None:
                observer("probes", 3, 8)
        seen[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert seen[False] == ""
    assert "3/8" in seen[True]
