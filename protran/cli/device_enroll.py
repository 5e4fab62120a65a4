"""`protran device enroll`: makes a machine a device of this fleet over ssh, from the controller."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.cli.terminal import JsonFlag, harmless, print_json, screen

if TYPE_CHECKING:
    from device_agents.enrolment.look import Look
    from device_agents.enrolment.order import Enrolment
    from device_agents.enrolment.plan import Plan
    from device_agents.fleet.fleet_session import FleetPlace

_REFUSALS = 2  # the service tries again by itself, and the first refusal may only mean that the old one is not yet gone


def enroll(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the device is called from now on.")],
    target: Annotated[str, typer.Argument(metavar="USER@HOST[:PORT]", help="Where ssh reaches it, with a key.")],
    address: Annotated[str | None, typer.Option(metavar="IP", help="The device's address for this machine.")] = None,
    runner_python: Annotated[
        str | None, typer.Option(metavar="PATH", help="An interpreter there that has torch, and runs the models.")
    ] = None,
    torch_index: Annotated[
        str | None, typer.Option(metavar="URL", help="Package index for torch alone, such as that of CPU-only builds.")
    ] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Install onnxruntime too, for deployments on it.")] = False,
    tls: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Folder there with its certificates, if the fleet speaks TLS.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the device and print the plan; no more.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a machine a device of this fleet: installs an agent there over ssh and starts it as a service.

    Give the command again to mend or renew what it finds. The fleet's token goes there over standard input.

    Example: protran device enroll pi5 pi@raspberrypi.local
    """
    from device_agents.clock import SystemClock
    from device_agents.enrolment.enroll import enroll as carry_out
    from device_agents.enrolment.enroll import prepare
    from device_agents.enrolment.order import Enrolment
    from device_agents.enrolment.record import remember
    from device_agents.enrolment.ssh import Ssh
    from device_agents.enrolment.target import parse_target
    from device_agents.enrolment.wheel import project_wheel
    from device_agents.fleet.fleet_session import fleet_place
    from device_agents.fleet.folder import fleet_folder
    from device_agents.fleet.token import read_token

    where = parse_target(target)
    place = fleet_place()
    _check_certificates(place, tls)
    order = Enrolment(
        name=name,
        target=where,
        controller=_controller(place),
        token=read_token(place.token),
        address=address,
        runner_python=runner_python,
        torch_index=torch_index,
        onnx=onnx,
        tls=tls,
    )
    say = _speaker(as_json)
    remote = Ssh(where)
    if dry_run:
        _show_plan(order, *prepare(order, remote, project_wheel(), say), as_json=as_json)
        return
    is_ready = _question(name)
    result = carry_out(order, remote, project_wheel(), is_ready=is_ready, say=say, clock=SystemClock())
    remember(fleet_folder(), name, where)
    if as_json:
        print_json(result.to_json())


def _controller(place: FleetPlace) -> str:
    host = f"[{place.address}]" if ":" in place.address else place.address
    return f"{host}:{place.gate_port}"


def _check_certificates(place: FleetPlace, tls: str | None) -> None:
    from protran.errors import InputError

    if place.tls is not None and tls is None:
        raise InputError(
            "this fleet speaks TLS: put the device's certificates into a folder there and name it with --tls; "
            "docs/devices.md says how to make them"
        )
    if place.tls is None and tls is not None:
        raise InputError("this fleet does not speak TLS; leave --tls out")


def _speaker(as_json: bool) -> Callable[[str], None]:
    """Returns what writes one line per step: beside the JSON object on standard error, else on standard output."""
    console = screen(stderr=as_json)
    return lambda line: console.print(harmless(line), soft_wrap=True)


def _question(name: str) -> Callable[[], str | None]:
    """Returns what asks the fleet whether it has the device.

    Raises:
        DeviceError: the controller does not run.
    """
    from device_agents.errors import DeviceError
    from device_agents.fleet.control import ask_controller

    def described() -> dict[str, Any]:
        devices = ask_controller("devices", {})["devices"]
        return next((device for device in devices if device["name"] == name), {})

    tries = {described().get("last_seen_at")}

    def is_ready() -> str | None:
        device = described()
        if device.get("state") in ("ready", "busy"):
            return str(device.get("self_test", {}).get("remark") or "it passed its self-test")
        if device.get("state") == "refused":
            tries.add(device["last_seen_at"])
            if len(tries) > _REFUSALS:
                raise DeviceError(f"the fleet refuses {name}: {device['reason']}")
        return None

    return is_ready


def _show_plan(order: Enrolment, look: Look, plan: Plan, *, as_json: bool) -> None:
    from device_agents.enrolment.enroll import plan_lines
    from device_agents.enrolment.ssh import shell_command, ssh_command

    if as_json:
        steps = [
            {
                "title": step.title,
                "command": shlex.join(ssh_command(order.target, shell_command(step.script))),
                "reads": step.reads or None,
            }
            for step in plan.steps
        ]
        print_json({"dry_run": True, "machine": look.to_json(), "steps": steps, "join": plan.join_line})
        return
    for line in plan_lines(order, plan):
        sys.stdout.write(f"{harmless(line)}\n")
