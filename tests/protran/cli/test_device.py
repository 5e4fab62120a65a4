from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_agents.enrolment import removal
from device_agents.errors import DeviceError
from device_agents.fleet import control

TEST = {"reference_latency_s": [0.01, 0.0102], "relative_spread": 0.012, "drift": -0.03, "remark": ""}
DEVICE = {
    "name": "rpi4",
    "identity": "abc",
    "address": "192.168.1.7",
    "state": "ready",
    "reason": "",
    "silent_s": 2.0,
    "last_seen_at": "2026-01-01T00:00:00Z",
    "facts": {"sensors": [{"sensor": "ina219", "state": "usable", "finding": "", "command": None}]},
    "software": {"python": "3.11.2", "ray": "2.60.0", "protran": "0.1.0"},
    "health": {"throttled": False, "running": "job", "waiting": 2},
    "self_test": TEST,
}
LISTING = """
import contextlib, io, os, sys
import fleet_parts
from device_agents.fleet.folder import write_object, write_privately
from pathlib import Path
from protran.cli.main import main

folder = Path(os.environ["PROTRAN_FLEET"])
with fleet_parts.opened_gate(lambda verb, body: {"devices": []}) as gate:
    write_privately(folder / "token", gate.token)
    place = {"address": gate.host, "gate_port": gate.port, "ray_port": 1, "tls": None, "pid": 1}
    write_object(folder / "fleet.json", place)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(["device", "list", "--json"])
print(code, "".join(out.getvalue().split()), [name for name in ("ray", "torch") if name in sys.modules])
"""


class Controller:
    """Answers the commands, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers: dict[str, Any] = {"devices": {"devices": [DEVICE]}, "check": DEVICE, "remove": {}}

    def ask(self, verb: str, body: dict[str, Any], *, answer_s: float = 20.0) -> dict[str, Any]:
        self.asked.append((verb, body))
        answer = self.answers[verb]
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Controller:
    fake = Controller()
    monkeypatch.setattr(control, "ask_controller", fake.ask)
    return fake


def test_list_shows_each_device_in_a_row(run: Callable[..., Any], controller: Controller) -> None:
    header, row = run("device", "list").out.splitlines()
    assert header.split() == ["name", "state", "address", "last", "seen", "sensors", "throttled", "queue", "remark"]
    assert row.split() == ["rpi4", "ready", "192.168.1.7", "2", "s", "ago", "ina219", "no", "3"]


def test_list_as_json_is_what_the_controller_says(run: Callable[..., Any], controller: Controller) -> None:
    assert json.loads(run("device", "list", "--json").out) == {"devices": [DEVICE]}


def test_list_without_devices_says_what_to_do(run: Callable[..., Any], controller: Controller) -> None:
    controller.answers["devices"] = {"devices": []}
    assert "no device has asked to join yet" in run("device", "list").out


def test_what_a_device_says_cannot_act_on_the_terminal(run: Callable[..., Any], controller: Controller) -> None:
    controller.answers["devices"] = {"devices": [{**DEVICE, "reason": "\x1b[31mred [bold]x[/bold]"}]}
    out = run("device", "list").out
    assert "\x1b" not in out and "[bold]" in out


def test_list_imports_neither_ray_nor_torch(tmp_path: Path) -> None:
    environment = {**os.environ, "PROTRAN_FLEET": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LISTING], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == '0 {"devices":[]} []\n'


def test_check_tells_what_the_self_test_found(run: Callable[..., Any], controller: Controller) -> None:
    ran = run("device", "check", "rpi4")
    assert (ran.code, controller.asked) == (0, [("check", {"name": "rpi4"})])
    assert "rpi4 is ready" in ran.out and "10.000 ms, 10.200 ms" in ran.out and "-3.0%" in ran.out


def test_check_of_a_device_that_fails_ends_with_1_and_the_reason(
    run: Callable[..., Any], controller: Controller
) -> None:
    controller.answers["check"] = {**DEVICE, "state": "refused", "reason": "no torch"}
    ran = run("device", "check", "rpi4", "--json")
    assert (ran.code, ran.err) == (1, "protran: rpi4 is not ready: no torch\n")
    assert json.loads(ran.out)["reason"] == "no torch"


@pytest.mark.parametrize("stopped", [True, False])
def test_remove_tells_the_controller_and_stops_the_service(
    run: Callable[..., Any], controller: Controller, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    monkeypatch.setattr(removal, "withdraw", lambda folder, name: stopped)
    ran = run("device", "remove", "rpi4", "--json")
    assert json.loads(ran.out) == {"removed": "rpi4", "service_stopped": stopped}
    assert controller.asked == [("remove", {"name": "rpi4"})]


def test_a_service_that_cannot_be_stopped_is_told_and_the_device_is_removed_all_the_same(
    run: Callable[..., Any], controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, name: str) -> bool:
        raise DeviceError("no connection to pi@rpi4")

    monkeypatch.setattr(removal, "withdraw", fail)
    ran = run("device", "remove", "rpi4")
    assert (ran.code, "no longer of this fleet" in ran.out, "no connection to pi@rpi4" in ran.out) == (0, True, True)


def test_removing_an_unknown_device_is_a_failure(run: Callable[..., Any], controller: Controller) -> None:
    controller.answers["remove"] = DeviceError("expected a device of this fleet (none), got 'x'")
    ran = run("device", "remove", "x")
    assert (ran.code, ran.out) == (1, "")


def test_doctor_tells_all_about_a_device(run: Callable[..., Any], controller: Controller) -> None:
    out = run("device", "doctor", "rpi4").out
    assert "rpi4 (abc)" in out and "Python 3.11.2, ray 2.60.0, protran 0.1.0" in out and "!!" not in out


def test_doctor_advises_on_what_is_wrong(run: Callable[..., Any], controller: Controller) -> None:
    sensor = {"sensor": "rapl", "state": "unreadable", "finding": "needs root", "command": "chmod a+r X"}
    wrong = {**DEVICE, "state": "lost", "silent_s": 99.0, "facts": {"sensors": [sensor]}, "self_test": {}}
    controller.answers["devices"] = {"devices": [wrong]}
    ran = run("device", "doctor", "rpi4")
    assert ran.out.count("!!") == 2 and "not heard of since 99 s ago" in ran.out
    assert "rapl: needs root; make it readable with: chmod a+r X" in ran.out
    assert len(json.loads(run("device", "doctor", "rpi4", "--json").out)["advice"]) == 2


def test_doctor_of_an_unknown_device_names_those_that_there_are(
    run: Callable[..., Any], controller: Controller
) -> None:
    ran = run("device", "doctor", "rpi5")
    assert (ran.code, ran.err) == (1, "protran: expected a device of this fleet (rpi4), got 'rpi5'\n")
