"""`protran device join`: run on a device, makes it part of a fleet and keeps it there."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from device_agents.fleet.applicant import Applicant
    from device_agents.fleet.join import Joining
    from device_agents.fleet.ports import NodePorts


def join(
    controller: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="What `protran fleet start` printed.")],
    name: Annotated[str, typer.Option(help="What this device shall be called.")],
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The fleet's token; mode 0600.", show_default=False)
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="IP", help="The address at which the controller reaches this device.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="PORT", help="The first of 14 ports of this device.")] = 6420,
    runner_python: Annotated[
        Path | None, typer.Option(metavar="P", help="The interpreter that runs models (3.10 or newer), if another.")
    ] = None,
    ssh: Annotated[
        str | None,
        typer.Option(metavar="USER@BOARD", help="Measure this board over ssh: a proxy for what cannot run Ray."),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option(metavar="cuda[:N]", help="Run models on this NVIDIA GPU (N as nvidia-smi counts)."),
    ] = None,
    tls: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="This machine's cert.pem, key.pem and ca.pem, if the fleet has TLS."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Leave as soon as the device is ready: a trial.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Join a fleet as a profiling device, and stay until Ctrl-C. Rejoins by itself after a lost link or a restart.

    Example: protran device join 192.168.1.5:6377 --name rpi4 --token-file token --once
    """
    from device_agents.fleet.join import Joiner

    models = _Models(runner_python, ssh, accelerator)
    joiner = Joiner(_joining(controller, name, token_file, address, port, models, tls), _say)

    def ended(number: int, frame: FrameType | None) -> None:
        joiner.stop()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ended)
    try:
        joiner.run(once=once)
    except KeyboardInterrupt:
        _say("left the fleet")
        if as_json:
            print_json({"name": name, "state": "left"})
        return
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        print_json({"name": name, "state": "ready"})


@dataclass(frozen=True)
class _Models:
    """Where models run: by which interpreter, on which board behind this host, on which GPU."""

    python: Path | None
    ssh: str | None
    accelerator: str | None


def _joining(
    controller: str,
    name: str,
    token_file: Path | None,
    address: str | None,
    port: int,
    models: _Models,
    tls: Path | None,
) -> Joining:
    from device_agents.errors import DeviceError
    from device_agents.fleet.addresses import host_and_port
    from device_agents.fleet.applicant import own_address
    from device_agents.fleet.handshake import Endpoint
    from device_agents.fleet.join import Joining
    from device_agents.fleet.ports import device_ports
    from device_agents.fleet.tls import TlsFiles
    from device_agents.fleet.token import read_token

    host, gate_port = host_and_port(controller)
    if token_file is None:
        raise DeviceError(
            "expected --token-file with the fleet's token, got none; copy it from the controller, where `protran fleet "
            "token` prints it"
        )
    gate = Endpoint(host, gate_port, read_token(token_file), TlsFiles(tls.absolute()) if tls is not None else None)
    ports = device_ports(port)
    place = address or own_address(host, gate_port)
    if models.ssh is None:
        return Joining(gate, token_file, _machine(name, place, ports, models))
    if models.accelerator is not None:
        raise DeviceError("expected --accelerator or --ssh, got both; a GPU of a board behind ssh is not measured on")
    return Joining(gate, token_file, _proxy(name, place, ports, models.ssh, models.python))


def _machine(name: str, address: str, ports: NodePorts, models: _Models) -> Applicant:
    """Returns this machine: its processor, or a GPU of it, by its UUID, which no other card changes."""
    from device_agents.environment import device_identity
    from device_agents.fleet.applicant import Applicant
    from device_agents.nvidia_gpus import find_accelerator

    options = {} if models.python is None else {"runner_python": str(models.python)}
    if models.accelerator is None:
        return Applicant(name, address, ports, {"kind": "local", "options": options})
    gpu = find_accelerator(models.accelerator)
    agent = {"kind": "local", "options": {**options, "accelerator": gpu.option}}
    return Applicant(name, address, ports, agent, identity=device_identity(executes=gpu.executes))


def _proxy(name: str, address: str, ports: NodePorts, target: str, python: Path | None) -> Applicant:
    """Returns this host as the proxy of a board: what is measured, and so the identity, is the board's."""
    from device_agents.fleet.applicant import Applicant
    from device_agents.proxy.agent import ssh_agent

    interpreter = "python3" if python is None else str(python)
    board = ssh_agent(name, target=target, python=interpreter)
    options = {"target": target, "python": interpreter}
    try:
        return Applicant(name, address, ports, {"kind": "ssh", "options": options}, identity=board.identity)
    finally:
        board.close()


def _say(text: str) -> None:
    screen(stderr=True).print(harmless(text), soft_wrap=True)
