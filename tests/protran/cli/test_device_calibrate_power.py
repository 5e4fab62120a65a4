from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from device_agents.environment import device_identity
from device_agents.errors import DeviceError, RequestError
from device_agents.measurement import Provenance
from device_agents.meters.estimate import open_estimate
from device_agents.power_calibration import holding, machine_load
from device_agents.power_calibration.storage import calibration_path, load_calibration
from protran.cli.device_calibrate_power import calibrate_power
from protran.errors import InputError

Calibrate = Callable[..., str]
GOOD = "idle=4,one-core=6,all-cores=8,memory-bound=7"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The data folder of this test, on a machine of two cores."""
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(machine_load, "usable_cores", lambda: (0, 1))
    return tmp_path / "data"


@pytest.fixture
def calibrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Calibrate:
    """Runs the command with these arguments and returns what it wrote to standard output."""
    monkeypatch.setenv("COLUMNS", "160")
    app = typer.Typer()
    app.command()(calibrate_power)

    def run(*arguments: str) -> str:
        capsys.readouterr()
        app(args=list(arguments), standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[holding.Held]:
    """Plateaus that are held in no time, a hundred seconds after each other; the list fills as they are."""
    done: list[holding.Held] = []
    cores = {"idle": 0.0, "one-core": 0.9, "all-cores": 1.8, "memory-bound": 1.8}

    def hold(plateau: Any, duration_s: float, machine: Any, observe: Callable[[float], None]) -> holding.Held:
        observe(duration_s)
        others = 0.2 if plateau.value == "idle" else 0.01
        done.append(holding.Held(plateau, 1e9 + 1000 * len(done), duration_s, cores[plateau.value], others))
        return done[-1]

    monkeypatch.setattr(holding, "hold", hold)
    return done


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A terminal whose user gives these answers, one after the other; they leave the list as they are given."""
    given: list[Any] = []
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(typer, "prompt", lambda question, **options: given.pop(0))
    return given


def kept() -> Any:
    return load_calibration(calibration_path(device_identity()))


def test_watts_that_were_read_before_are_fitted_without_running_anything(calibrate: Calibrate) -> None:
    out = calibrate("--watts", GOOD, "--plug-meter", "Plug 1")
    assert "Model: 4.00 W idle + 2.00 W per busy core ± 1.00 W" in out
    assert "Held out: memory-bound, missed by 14.3 %" in out
    assert kept().plug_meter == "Plug 1"
    assert open_estimate().energy_provenance is Provenance.ESTIMATED_CALIBRATED


def test_its_json_is_one_object_with_the_calibration_that_was_kept(calibrate: Calibrate) -> None:
    told = json.loads(calibrate("--watts", GOOD, "--json"))
    assert (told["used"], told["reason"], told["notes"]) == (True, None, [])
    assert told["calibration"] == kept().to_json() == json.loads(Path(told["file"]).read_text(encoding="utf-8"))
    assert told["calibration"]["identity"] == device_identity()


def test_the_memory_term_is_shown_where_another_load_is_held_out(calibrate: Calibrate) -> None:
    out = calibrate("--watts", GOOD, "--hold-out", "one-core")
    assert "2.00 W per busy core (1.50 W where it waits for memory)" in out


def test_a_trial_is_kept_but_not_used(calibrate: Calibrate) -> None:
    out = calibrate("--watts", GOOD, "--seconds", "5")
    assert "Estimates stay estimated-generic: its plateaus last 5 s, at least 120 s are needed." in out
    assert kept().short
    assert open_estimate().energy_provenance is Provenance.ESTIMATED_GENERIC
    assert json.loads(calibrate("--watts", GOOD, "--seconds", "5", "--json"))["used"] is False


@pytest.mark.parametrize(
    ("watts", "said"),
    [
        ("idle=9,one-core=8,all-cores=7,memory-bound=7", "all-cores draws 7 W, not more than the 9 W of idle"),
        ("idle=4,one-core=6,all-cores=8,memory-bound=5", "memory-bound is missed by 60 %"),
    ],
)
def test_nonsense_is_refused_and_only_kept_by_force(calibrate: Calibrate, folder: Path, watts: str, said: str) -> None:
    with pytest.raises(DeviceError, match=f"not kept: .*{said}.*--force"):
        calibrate("--watts", watts)
    assert not folder.exists()
    assert "note: forced though" in calibrate("--watts", watts, "--force")
    assert any(said in fault for fault in kept().faults)


def test_watts_below_0_are_refused_even_by_force(calibrate: Calibrate, folder: Path) -> None:
    with pytest.raises(DeviceError, match="draws more than 0 W"):
        calibrate("--watts", GOOD.replace("idle=4", "idle=-4"), "--force")
    assert not folder.exists()


def test_watts_are_asked_for_after_each_load(calibrate: Calibrate, held: list[Any], answers: list[Any]) -> None:
    answers += [4.0, 5.8, 7.6, 7.0]
    out = calibrate()
    assert [item.plateau.value for item in held] == ["idle", "one-core", "all-cores", "memory-bound"]
    assert kept().fit.model.core_w == pytest.approx(2.0)  # per core that was busy, not per core that there is
    assert "note: idle: other programs kept 0.2 cores busy" in out
    assert "one-core: other programs" not in out


def test_watts_that_cannot_be_are_asked_for_again(calibrate: Calibrate, held: list[Any], answers: list[Any]) -> None:
    answers += [-4.0, 0.0, 4.0, 5.8, 7.6, 7.0]
    calibrate()
    assert answers == []
    assert kept().points[0].power_w == 4.0


def log_of(*watts: float) -> str:
    rows = [(1e9 + 1000 * load + second, power) for load, power in enumerate(watts) for second in range(0, 121, 10)]
    return "time_s,watts\n" + "".join(f"{time_s},{power}\n" for time_s, power in rows)


def test_a_log_is_averaged_over_each_load(calibrate: Calibrate, held: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(log_of(4.0, 5.8, 7.6, 7.0))
    calibrate("--readings", str(path))
    assert [point.power_w for point in kept().points] == [pytest.approx(w) for w in (4.0, 5.8, 7.6, 7.0)]


def test_a_log_that_ends_too_soon_comes_with_the_times_of_the_loads(
    calibrate: Calibrate, held: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(log_of(4.0, 5.8))
    with pytest.raises(DeviceError, match=r"all-cores: expected the log to cover .*in UTC: idle 01:46:40 to 01:48:40"):
        calibrate("--readings", str(path))


def test_in_a_terminal_a_log_that_is_not_there_yet_is_waited_for(
    calibrate: Calibrate, held: list[Any], answers: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    asked: list[str] = []

    def saved(question: str, **options: Any) -> str:
        asked.append(question)
        path.write_text(log_of(4.0, 5.8, 7.6, 7.0))
        return ""

    monkeypatch.setattr(typer, "prompt", saved)
    calibrate("--readings", str(path))
    assert len(asked) == 1
    assert len(held) == 4
    assert kept() is not None


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (["--watts", GOOD, "--readings", "x.csv"], InputError, "got both"),
        (["--watts", GOOD, "--hold-out", "idle"], InputError, "--hold-out must be one of one-core, all-cores, memory"),
        (["--watts", "idle=4"], RequestError, "memory-bound is missing"),
        (["--readings", "/nowhere/at/all/x.csv"], InputError, "in a folder that exists"),
        ([], InputError, "expected --readings, --watts or a terminal"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_runs(
    calibrate: Calibrate,
    held: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    kind: type[Exception],
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", type("Pipe", (), {"isatty": lambda self: False})())
    with pytest.raises(kind, match=said):
        calibrate(*arguments)
    assert held == []


def test_the_name_of_the_plug_meter_cannot_act_on_the_terminal(calibrate: Calibrate) -> None:
    calibrate("--watts", GOOD, "--plug-meter", "a\nb")
    assert kept().plug_meter == "a b"
