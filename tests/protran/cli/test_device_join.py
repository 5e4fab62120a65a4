from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device_agents import nvidia_gpus
from device_agents.accelerator import Accelerator
from device_agents.environment import device_identity
from device_agents.fleet import join as join_module
from device_agents.fleet.join import Refused


class FakeJoiner:
    """Stands in for the joiner: notes with what it would join."""

    made: list[Any]
    run_fails: BaseException | None

    def __init__(self, joining: Any, say: Callable[[str], None]) -> None:
        self.say = say
        FakeJoiner.made.append(joining)

    def run(self, *, once: bool) -> None:
        FakeJoiner.once = once
        self.say("ready \x1b[31m")
        if FakeJoiner.run_fails is not None:
            raise FakeJoiner.run_fails

    def stop(self) -> None:
        pass

    once: bool


@pytest.fixture(autouse=True)
def joiner(monkeypatch: pytest.MonkeyPatch) -> type[FakeJoiner]:
    FakeJoiner.made, FakeJoiner.run_fails = [], None
    monkeypatch.setattr(join_module, "Joiner", FakeJoiner)
    return FakeJoiner


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text("s" * 64)
    path.chmod(0o600)
    return str(path)


def test_a_device_joins_with_its_own_identity_and_address(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str
) -> None:
    ran = run("device", "join", "127.0.0.1:7000", "--name", "rpi4", "--token-file", token, "--once", "--json")
    assert (ran.code, json.loads(ran.out), joiner.once) == (0, {"name": "rpi4", "state": "ready"}, True)
    (joining,) = joiner.made
    applicant = joining.applicant
    assert (joining.gate.port, applicant.address, applicant.identity) == (7000, "127.0.0.1", device_identity())
    assert (applicant.ports.first, applicant.agent) == (6420, {"kind": "local", "options": {}})


def test_what_happens_is_told_on_standard_error_and_cannot_act_on_the_terminal(
    run: Callable[..., Any], token: str
) -> None:
    ran = run("device", "join", "127.0.0.1", "--name", "rpi4", "--token-file", token)
    assert (ran.out, ran.err) == ("", "ready \\x1b[31m\n")


def test_options_reach_the_applicant(run: Callable[..., Any], joiner: type[FakeJoiner], token: str) -> None:
    chosen = ("--address", "10.0.0.7", "--port", "7100", "--runner-python", "/opt/python")
    run("device", "join", "127.0.0.1", "--name", "rpi4", "--token-file", token, *chosen)
    applicant = joiner.made[0].applicant
    assert (applicant.address, applicant.ports.first) == ("10.0.0.7", 7100)
    assert applicant.agent["options"] == {"runner_python": "/opt/python"}


def test_a_board_behind_a_proxy_joins_with_the_boards_identity_not_the_proxys(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def ssh_agent(name: str, **options: Any) -> Any:
        asked.append((name, options))
        return SimpleNamespace(identity="the board's", close=lambda: asked.append("closed"))

    monkeypatch.setattr("device_agents.proxy.agent.ssh_agent", ssh_agent)
    chosen = ("--ssh", "pi@zero", "--runner-python", "/opt/python")
    run("device", "join", "127.0.0.1", "--name", "zero", "--token-file", token, *chosen)
    options = {"target": "pi@zero", "python": "/opt/python"}
    applicant = joiner.made[0].applicant
    assert (applicant.identity, applicant.agent) == ("the board's", {"kind": "ssh", "options": options})
    assert asked == [("zero", options), "closed"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("127.0.0.1", "--name", "rpi4"), "expected --token-file"),
        (
            ("127.0.0.1", "--name", "rpi4", "--token-file", "/no/such/file"),
            "expected the fleet's token in /no/such/file",
        ),
        (("127.0.0.1:x", "--name", "rpi4"), "expected the controller as HOST:PORT"),
        (("-oProxyCommand=x:1", "--name", "rpi4"), "No such option"),
    ],
)
def test_bad_input_is_one_line(
    run: Callable[..., Any], joiner: type[FakeJoiner], arguments: tuple[str, ...], words: str
) -> None:
    ran = run("device", "join", *arguments)
    assert ran.code in (1, 2) and ran.err.count("\n") == 1 and words in ran.err
    assert joiner.made == []


@pytest.mark.parametrize("name", ["../x", "local", "a b"])
def test_a_name_that_cannot_be_is_refused(run: Callable[..., Any], token: str, name: str) -> None:
    assert run("device", "join", "127.0.0.1", "--name", name, "--token-file", token).code == 1


def test_every_refusal_has_its_line(run: Callable[..., Any], joiner: type[FakeJoiner], token: str) -> None:
    joiner.run_fails = Refused(["no disk", "no memory"])
    ran = run("device", "join", "127.0.0.1", "--name", "rpi4", "--token-file", token, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("protran: no disk\nprotran: no memory\n")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_interrupt_is_how_a_device_leaves(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, options: tuple[str, ...]
) -> None:
    joiner.run_fails = KeyboardInterrupt()
    ran = run("device", "join", "127.0.0.1", "--name", "rpi4", "--token-file", token, *options)
    assert (ran.code, ran.err.splitlines()[-1]) == (0, "left the fleet")
    assert (json.loads(ran.out) if options else ran.out) == ({"name": "rpi4", "state": "left"} if options else "")


def test_a_service_that_is_stopped_leaves_in_order_and_the_signal_is_as_before(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(joiner, "run", lambda self, once: os.kill(os.getpid(), signal.SIGTERM))
    ran = run("device", "join", "127.0.0.1", "--name", "rpi4", "--token-file", token)
    assert (ran.code, ran.err) == (0, "left the fleet\n")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_gpu_joins_as_another_device_that_its_uuid_names(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = Accelerator("GPU-1", "Tesla T4", 16 * 10**9, "550.54")
    monkeypatch.setattr("device_agents.nvidia_gpus.find_accelerator", {"cuda:1": gpu}.__getitem__)
    chosen = ("--accelerator", "cuda:1", "--runner-python", "/opt/python", "--port", "6440")
    run("device", "join", "127.0.0.1", "--name", "gpu", "--token-file", token, *chosen)
    applicant = joiner.made[0].applicant
    options = {"runner_python": "/opt/python", "accelerator": "cuda:GPU-1"}
    assert applicant.agent == {"kind": "local", "options": options}
    assert applicant.identity == device_identity(executes="cuda:GPU-1") != device_identity()


def test_a_machine_without_a_gpu_is_told_what_to_install(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = partial(nvidia_gpus.find_accelerator, root=tmp_path)  # a machine without a driver
    monkeypatch.setattr("device_agents.nvidia_gpus.find_accelerator", elsewhere)
    ran = run("device", "join", "127.0.0.1", "--name", "gpu", "--token-file", token, "--accelerator", "cuda")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "found no NVIDIA driver on this machine; install" in ran.err
    assert joiner.made == []


@pytest.mark.parametrize(
    ("chosen", "code", "words"),
    [
        (("--accelerator", "tpu"), 2, "accelerator must be cuda"),
        (("--accelerator", "cuda", "--ssh", "pi@zero"), 1, "expected --accelerator or --ssh, got both"),
    ],
)
def test_an_accelerator_that_cannot_be_is_one_line(
    run: Callable[..., Any], joiner: type[FakeJoiner], token: str, chosen: tuple[str, ...], code: int, words: str
) -> None:
    ran = run("device", "join", "127.0.0.1", "--name", "gpu", "--token-file", token, *chosen)
    assert (ran.code, ran.err.count("\n"), joiner.made) == (code, 1, [])
    assert words in ran.err
