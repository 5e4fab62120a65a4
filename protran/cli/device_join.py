"""`protran device join`: run on a device, makes it part of a fleet and keeps it there."""

from __future__ import annotations

import signal
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

    joiner = Joiner(_joining(controller, name, token_file, address, port, runner_python, ssh, tls), _say)

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


def _joining(
    controller: str,
    name: str,
    token_file: Path | None,
    address: str | None,
    port: int,
    runner_python: Path | None,
    ssh: str | None,
    tls: Path | None,
) -> Joining:
    from device_agents.errors import DeviceError
    from device_agents.fleet.addresses import host_and_port
    from device_agents.fleet.applicant import Applicant, own_address
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
    if ssh is not None:
        applicant = _proxy(name, place, ports, ssh, runner_python)
    else:
        options = {} if runner_python is None else {"runner_python": str(runner_python)}
        applicant = Applicant(name, place, ports, {"kind": "local", "options": options})
    return Joining(gate, token_file, applicant)


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
