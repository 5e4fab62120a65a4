"""`protran monitor` as a user runs it: a process of its own, around small programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_sensors import FakeNvml
from power_calibrations import make_calibration

from device_agents.clock import ManualClock, SystemClock
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.meters.base import PowerTrace
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.reports import SensorReport, SensorState
from device_agents.meters.spec import MeterKind
from device_agents.power_calibration.storage import DATA_VARIABLE, calibration_path, save_calibration
from protran.cli import monitor

Run = Callable[..., Any]

# Signals as a shell in the foreground leaves them, whatever started the tests; the terminal, if any, becomes ours.
START = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_DFL)
if os.isatty(0): fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "protran.cli.main", "monitor", *sys.argv[1:]])
"""
WAITING = """
import signal, sys, time
got = []
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda number, frame: got.append(number))
print("ready", flush=True)
for _ in range(2000):  # leaves in the end, whatever is broken
    if got: break
    time.sleep(0.01)
time.sleep(0.3)
print("signals", len(got), flush=True)
sys.exit(got[0] if got else 99)
"""


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", START, *arguments]
    return subprocess.Popen(command, start_new_session=True, **options)


def in_process(code: str, *options: str) -> list[str]:
    return ["monitor", *options, "--", sys.executable, "-c", code]


@pytest.fixture(autouse=True)
def no_sensor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(monitor, "local_meter", NoMeter)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


def test_bytes_pass_through_in_both_directions_and_the_summary_follows_on_standard_error() -> None:
    echo = "import os, sys; os.write(1, sys.stdin.buffer.read()); os.write(2, b'\\xfe\\n'); sys.exit(3)"
    sent = bytes(range(256)) * 100
    with start("--", sys.executable, "-c", echo, stdin=-1, stdout=-1, stderr=-1) as program:
        out, err = program.communicate(sent, timeout=60)
    assert (program.returncode, out) == (3, sent)
    first, second, *_ = err.split(b"\n")
    assert first == b"\xfe"
    assert second.startswith(b"protran monitor: exit code 3, wall ")


def test_the_peak_holds_what_the_program_filled(tmp_path: Path) -> None:
    path = tmp_path / "used.json"
    with start("--json", str(path), "--", sys.executable, "-c", "b'x' * 200_000_000", stderr=-1) as program:
        program.communicate(timeout=60)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert 200e6 < told["peak_rss_bytes"] < 250e6
    assert not told["peak_rss_at_most"]


def test_a_descriptor_that_a_shell_opened_is_the_programs_too() -> None:
    reading, writing = os.pipe()
    code = f"import os; os.write({writing}, b'through')"
    with start("--", sys.executable, "-c", code, pass_fds=(writing,), stderr=-1) as program:
        os.close(writing)
        program.communicate(timeout=60)
    assert (program.returncode, os.read(reading, 100)) == (0, b"through")
    os.close(reading)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_us_reaches_the_program_once_and_the_program_decides(number: signal.Signals) -> None:
    with start("--", sys.executable, "-c", WAITING, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        program.send_signal(number)
        out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (number, b"signals 1\n")
    assert b"protran monitor: exit code" in err


def test_control_c_in_a_terminal_reaches_the_program_once_and_ends_with_130() -> None:
    controller, terminal = os.openpty()
    code = f"{WAITING.rpartition('sys.exit')[0]}\nsignal.signal(2, signal.SIG_DFL); signal.raise_signal(2)"
    with start("--", sys.executable, "-c", code, stdin=terminal, stdout=terminal, stderr=terminal) as program:
        os.close(terminal)
        shown = b""
        while b"ready" not in shown:
            shown += os.read(controller, 1000)
        os.write(controller, b"\x03")
        shown += _rest(controller)
        assert program.wait(timeout=60) == 130
    assert b"signals 1" in shown
    assert b"protran monitor: ended by SIGINT" in shown
    assert b"Traceback" not in shown


def _rest(terminal: int) -> bytes:
    shown = b""
    try:
        while data := os.read(terminal, 1000):
            shown += data
    except OSError:  # Linux says so that the last program has closed its terminal
        pass
    os.close(terminal)
    return shown


def test_without_a_sensor_there_are_no_joules_and_no_grams(run: Run) -> None:
    ran = run(*in_process("pass", "--country", "DE", "--json", "-"))
    told = json.loads(ran.out)
    assert ran.code == 0
    assert (told["energy"]["low_j"], told["energy"]["provenance"]) == (None, "unavailable")
    assert told["carbon"]["total"] == {"low_g": None, "high_g": None, "provenance": "unavailable"}
    assert "energy  unavailable: no sensor; protran doctor says" in ran.err
    assert "CO2e    unavailable: no energy" in ran.err


def test_an_estimate_is_a_range_labelled_as_one(run: Run) -> None:
    ran = run(*in_process("pass", "--estimate-energy", "--g-per-kwh", "360", "--pue", "2", "--json", "-"))
    told = json.loads(ran.out)
    energy, total = told["energy"], told["carbon"]["total"]
    assert energy["provenance"] == total["provenance"] == "estimated-generic"
    assert (energy["low_j"], energy["high_j"]) == pytest.approx(
        (0.8 * told["core_seconds"], 23.8 * told["core_seconds"])
    )
    assert (total["low_g"], total["high_g"]) == pytest.approx((energy["low_j"] * 2e-4, energy["high_j"] * 2e-4))
    assert "estimated-generic: core-seconds x 0.8 to 23.8 W per core (no sensor)" in ran.err


def test_a_sensor_is_read_and_no_estimate_takes_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = PowerTrace((0.0, 3600.0), (5.0, 5.0))
    monkeypatch.setattr(monitor, "local_meter", lambda: ReplayMeter(trace, SystemClock(), "replay of a test"))
    told = json.loads(run(*in_process("pass", "--estimate-energy", "--g-per-kwh", "360", "--json", "-")).out)
    energy = told["energy"]
    assert energy["low_j"] == energy["high_j"] >= 5.0 * told["wall_s"]
    assert (energy["provenance"], energy["source"]) == (
        "simulated",
        "replay of a test, the whole machine as far as it sees it",
    )
    assert told["carbon"]["total"]["provenance"] == "simulated"


def test_the_memory_term_is_added_and_named(run: Run) -> None:
    told = json.loads(run(*in_process("pass", "--estimate-energy", "--memory-gb", "1000", "--json", "-")).out)
    memory_j = 1000 * 0.3725 * told["wall_s"]
    assert told["energy"]["low_j"] == pytest.approx(0.8 * told["core_seconds"] + memory_j)
    assert told["energy"]["source"].endswith("+ 1000 GB of memory")


def test_a_calibration_of_this_machine_makes_the_estimate_one_at_the_plug(run: Run) -> None:
    save_calibration(make_calibration(identity=device_identity()))
    ran = run(*in_process("pass", "--estimate-energy", "--grid-intensity", "360", "--json", "-"))
    told = json.loads(ran.out)
    energy = told["energy"]
    assert energy["provenance"] == told["carbon"]["total"]["provenance"] == "estimated-calibrated"
    assert 4.0 * told["wall_s"] <= energy["high_j"] <= 8.0 * told["wall_s"]  # idle included, and no GPU
    assert energy["source"] == (
        "core-seconds, calibrated 2026-11-26 with Plug 1: the whole machine at the plug, idle included, but no GPU at "
        "work (no sensor)"
    )


def test_an_estimate_at_the_plug_holds_the_memory_already(run: Run) -> None:
    save_calibration(make_calibration(identity=device_identity()))
    told = json.loads(run(*in_process("pass", "--estimate-energy", "--memory-gb", "1000", "--json", "-")).out)
    assert told["energy"]["high_j"] <= 8.0 * told["wall_s"]
    assert told["energy"]["source"].endswith("memory is in it, so --memory-gb added nothing")


def test_a_damaged_calibration_is_said_and_the_estimate_stays_generic(run: Run) -> None:
    path = calibration_path(device_identity())
    path.parent.mkdir(parents=True)
    path.write_text("{")
    ran = run(*in_process("raise SystemExit(5)", "--estimate-energy", "--json", "-"))
    assert (ran.code, json.loads(ran.out)["energy"]["provenance"]) == (5, "estimated-generic")
    assert f"protran: {path}: " in ran.err


def gpus_of(*watts: float, monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """Gives this machine GPUs of these powers, of which a second passes with each look at their counter."""
    clock = ManualClock()
    library = FakeNvml(clock, *watts)
    counter = library.nvmlDeviceGetTotalEnergyConsumption

    def moving(index: int) -> int:
        clock.sleep(1.0)
        return int(counter(index))

    library.nvmlDeviceGetTotalEnergyConsumption = moving
    report = SensorReport("NVML", SensorState.USABLE, "it can be read", meter=MeterKind.NVML)
    monkeypatch.setattr("device_agents.meters.discovery.discover", lambda: (report,))
    monkeypatch.setattr("device_agents.meters.nvml.load_nvml", lambda: library)
    return library


def test_the_gpus_alone_are_read_beside_the_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    library = gpus_of(70.0, monkeypatch=monkeypatch)
    trace = PowerTrace((0.0, 3600.0), (5.0, 5.0))
    monkeypatch.setattr(monitor, "local_meter", lambda: ReplayMeter(trace, SystemClock(), "replay of a test"))
    ran = run(*in_process("pass", "--gpu", "--grid-intensity", "360", "--json", "-"))
    told = json.loads(ran.out)
    gpu = told["gpu"]
    assert gpu["gpu_energy_j"] >= 70.0
    assert (gpu["provenance"], gpu["carbon"]["total"]["provenance"]) == ("measured-counter", "measured-counter")
    assert gpu["source"] == "NVML of GPU 0 Tesla T4, the GPUs alone, not added to the energy of the machine"
    assert told["energy"]["high_j"] < 70.0
    assert "  GPU CO2e  " in ran.err
    assert library.opened == 0


def test_the_gpus_alone_are_read_where_the_machine_has_no_other_sensor(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus_of(70.0, monkeypatch=monkeypatch)
    told = json.loads(run(*in_process("pass", "--gpu", "--json", "-")).out)
    assert told["energy"]["low_j"] is None
    assert told["gpu"]["gpu_energy_j"] >= 70.0


def test_without_a_gpu_the_program_runs_and_one_line_says_why_there_is_no_energy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SensorReport("NVIDIA GPU energy counter (NVML)", SensorState.ABSENT, "no NVIDIA driver is loaded")
    monkeypatch.setattr("device_agents.meters.discovery.discover", lambda: (report,))
    ran = run(*in_process("raise SystemExit(6)", "--gpu", "--json", "-"))
    assert (ran.code, json.loads(ran.out)["gpu"]["gpu_energy_j"]) == (6, None)
    assert ran.err.splitlines()[3:] == [
        "  GPU     unavailable: no GPU that can be read (no NVIDIA driver is loaded); protran doctor says what is "
        "missing"
    ]


def test_a_gpu_whose_library_fails_costs_its_energy_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    library = gpus_of(70.0, monkeypatch=monkeypatch)

    def fails() -> None:
        raise library.NVMLError("driver and library differ")

    monkeypatch.setattr(library, "nvmlInit", fails)
    ran = run(*in_process("raise SystemExit(6)", "--gpu", "--json", "-"))
    assert ran.code == 6
    assert "driver and library differ" in json.loads(ran.out)["gpu"]["source"]


def test_nobody_asks_for_gpus_unless_told_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    library = gpus_of(70.0, monkeypatch=monkeypatch)
    monkeypatch.setattr(library, "nvmlInit", lambda: pytest.fail("the GPUs were asked"))
    assert json.loads(run(*in_process("pass", "--json", "-")).out)["gpu"] is None


def test_the_memory_term_alone_is_no_energy(run: Run) -> None:
    told = json.loads(run(*in_process("pass", "--memory-gb", "8", "--json", "-")).out)
    assert told["energy"]["low_j"] is None


def test_json_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "used.json"
    ran = run(*in_process("raise SystemExit(4)", "--json", str(path)))
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (ran.code, ran.out) == (4, "")
    assert (told["exit_code"], told["command"][1:]) == (4, ["-c", "raise SystemExit(4)"])


def test_a_file_that_cannot_be_written_in_the_end_does_not_change_the_exit_code(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "used.json"
    ran = run(*in_process(f"import os; os.mkdir({str(path)!r}); raise SystemExit(4)", "--json", str(path)))
    assert ran.code == 4
    assert f"protran: {path}: cannot be written: Is a directory" in ran.err


def test_options_behind_the_program_are_its_own(run: Run) -> None:
    ran = run("monitor", sys.executable, "-c", "import sys; raise SystemExit(len(sys.argv))", "--json", "--help")
    assert ran.code == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--country", "Germny"), "did you mean 'Germany'?"),
        (("--country", "DE", "--g-per-kwh", "1"), "expected --country or --grid-intensity, got both"),
        (("--grid-intensity", "-1"), "at least 0 g/kWh"),
        (("--g-per-kwh", "-1"), "at least 0 g/kWh"),
        (("--pue", "0.5"), "(PUE) must be finite and at least 1"),
        (("--memory-gb", "nan"), "--memory-gb must be finite"),
        (("--interval", "0"), "'--interval'"),
        (("--json", "no/such/folder/file.json"), "must be a file in a folder that exists"),
    ],
)
def test_bad_options_are_one_sentence_before_the_program_runs(
    run: Run, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "ran"
    ran = run(*in_process(f"open({str(path)!r}, 'w')", *options))
    assert (ran.code, ran.out, ran.err.count("\n"), path.exists()) == (2, "", 1, False)
    assert words in ran.err


def test_a_program_that_does_not_exist_is_one_sentence_and_code_2(run: Run) -> None:
    ran = run("monitor", "no-such-program")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "protran: expected a program to run, 'no-such-program' cannot be started: No such file or directory\n"
    )


def test_no_program_is_one_sentence_and_code_2(run: Run) -> None:
    ran = run("monitor", "--estimate-energy")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_a_sensor_that_cannot_be_opened_is_said_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise DeviceError("the sensor is on fire")

    monkeypatch.undo()  # the real choice of a meter
    monkeypatch.setattr("device_agents.meters.registry.open_meter", broken)
    assert isinstance(monitor.local_meter(), NoMeter)
    assert capsys.readouterr().err == "protran: the sensor is on fire\n"
