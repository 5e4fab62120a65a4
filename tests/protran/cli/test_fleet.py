from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet import control

FACTS = {
    "address": "127.0.0.1",
    "gate_port": 6377,
    "ray_port": 6378,
    "ports": "6377-6412",
    "tls": None,
    "pid": 4321,
    "software": {"python": "3.11.2", "ray": "2.60.0", "protran": "0.1.0"},
    "started_at": "2026-01-01T00:00:00Z",
    "devices": [],
}
SECRET = "s" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROTRAN_FLEET", str(tmp_path))
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `start` was asked for."""
    asked: list[Any] = []

    def start(address: str, port: int, tls: Path | None) -> dict[str, Any]:
        asked.append((address, port, tls))
        return {**FACTS, "address": address, "gate_port": port}

    monkeypatch.setattr(control, "start_fleet", start)
    return asked


def devices(*states: str) -> dict[str, Any]:
    return {**FACTS, "devices": [{"name": f"d{number}", "state": state} for number, state in enumerate(states)]}


def test_start_says_how_a_device_joins_and_that_only_this_machine_can(
    run: Callable[..., Any], started: list[Any], folder: Path
) -> None:
    ran = run("fleet", "start")
    assert (ran.code, ran.err, started) == (0, "", [("127.0.0.1", 6377, None)])
    assert "protran device join 127.0.0.1:6377 --name NAME --token-file FILE" in ran.out
    assert str(folder / "token") in ran.out and "only this machine reaches it" in ran.out


def test_start_warns_of_a_network_that_can_read_the_token(run: Callable[..., Any], started: list[Any]) -> None:
    ran = run("fleet", "start", "--bind", "192.168.1.5")
    assert "whoever reads the traffic of this network reads the token" in ran.out


def test_start_with_tls_needs_no_warning_and_says_how_to_join(
    run: Callable[..., Any], started: list[Any], tmp_path: Path
) -> None:
    ran = run("fleet", "start", "--bind", "192.168.1.5", "--tls", str(tmp_path), "--port", "7000")
    assert started == [("192.168.1.5", 7000, tmp_path)]
    assert "reads the token" not in ran.out and ran.out.count("--tls DIR") == 2


def test_start_as_json_is_one_object_that_names_the_tokens_file_and_not_the_token(
    run: Callable[..., Any], started: list[Any], folder: Path
) -> None:
    (folder / "token").write_text(SECRET)
    ran = run("fleet", "start", "--json")
    assert json.loads(ran.out) == {**FACTS, "token_file": str(folder / "token")}
    assert SECRET not in ran.out


def test_a_public_address_without_tls_is_refused_in_one_line(run: Callable[..., Any]) -> None:
    ran = run("fleet", "start", "--bind", "8.8.8.8")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "public address" in ran.err


def test_status_says_where_the_controller_is_and_counts_the_devices(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "controller_facts", lambda: devices("ready", "lost", "ready"))
    out = run("fleet", "status").out
    assert "127.0.0.1:6377, process 4321" in out and "2 ready, 1 lost" in out


def test_status_of_a_fleet_without_devices_says_so(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "controller_facts", lambda: FACTS)
    assert "none yet" in run("fleet", "status").out
    assert json.loads(run("fleet", "status", "--json").out) == FACTS


def test_status_ends_with_1_where_there_is_no_fleet(run: Callable[..., Any]) -> None:
    ran = run("fleet", "status", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "protran: no fleet was started on this machine; start one with `protran fleet start`\n"


def test_token_prints_the_secret_alone(run: Callable[..., Any], folder: Path) -> None:
    (folder / "token").write_text(SECRET)
    (folder / "token").chmod(0o600)
    assert run("fleet", "token").out == f"{SECRET}\n"
    assert json.loads(run("fleet", "token", "--json").out) == {"token": SECRET, "file": str(folder / "token")}


def test_a_token_that_others_can_read_is_refused(run: Callable[..., Any], folder: Path) -> None:
    (folder / "token").write_text(SECRET)
    (folder / "token").chmod(0o644)
    ran = run("fleet", "token")
    assert (ran.code, ran.out) == (1, "") and "chmod 600" in ran.err


@pytest.mark.parametrize(("ended", "words"), [(True, "the controller has ended"), (False, "no controller ran")])
def test_stop_says_whether_there_was_one(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, ended: bool, words: str
) -> None:
    monkeypatch.setattr(control, "stop_fleet", lambda: ended)
    assert run("fleet", "stop").out == f"{words}\n"
    assert json.loads(run("fleet", "stop", "--json").out) == {"stopped": ended}


def test_a_controller_that_does_not_end_is_a_failure(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise DeviceError("the controller (process 1) does not end within 30 s; kill it")

    monkeypatch.setattr(control, "stop_fleet", fail)
    assert run("fleet", "stop").code == 1
