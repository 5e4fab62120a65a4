"""The steps of an enrolment: what each runs on the device, ready to be shown or carried out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from device_agents.enrolment.install_steps import (
    check_environment,
    install_requirements,
    install_wheel,
    make_environment,
)
from device_agents.enrolment.look import Interpreter, Look
from device_agents.enrolment.order import Enrolment
from device_agents.enrolment.places import Places
from device_agents.enrolment.step import Step, quoted
from device_agents.enrolment.unit import Scope, Unit, unit_for, unit_text
from device_agents.enrolment.wheel import Archive
from device_agents.fleet.tls import AUTHORITY, CERTIFICATE, KEY


@dataclass(frozen=True)
class Plan:
    """What an enrolment will do.

    Attributes:
        steps: in order.
        unit: the service that the last step starts; None where the device has no systemd.
        join: the command that joins the fleet, as the service runs it.
        environment: variables that the command needs.
    """

    steps: tuple[Step, ...]
    unit: Unit | None
    join: tuple[str, ...]
    environment: dict[str, str]

    @property
    def join_line(self) -> str:
        """The joining command for a shell."""
        return shlex.join([*(f"{name}={value}" for name, value in self.environment.items()), *self.join])


def plan_enrolment(order: Enrolment, look: Look, interpreter: Interpreter, wheel: Archive) -> Plan:
    """Returns the steps that make a machine a device; each may be repeated and then mends what it finds.

    Args:
        order: what is asked.
        look: what was seen of the machine.
        interpreter: what makes its environment.
        wheel: our packages.
    """
    places = Places(look.home)
    join = _join_command(order, places)
    environment = {"PYTHONUNBUFFERED": "1"}
    if order.runner_python is not None:
        environment["PYTHONPATH"] = places.packages
    unit = unit_for(look, order.name)
    steps = [
        _reach(order, interpreter),
        *_find_certificates(order),
        make_environment(order, places, interpreter),
        *install_requirements(order, places),
        *install_wheel(order, places, wheel),
        check_environment(order, places),
        _send_token(order, places),
    ]
    if unit is not None:
        text = unit_text(unit, order.name, join, user=look.user, folder=places.base, environment=environment)
        steps.append(_start_unit(unit, text, look))
    return Plan(tuple(steps), unit, join, environment)


def _join_command(order: Enrolment, places: Places) -> tuple[str, ...]:
    words = [places.python, "-m", "protran.cli.main", "device", "join", order.controller]
    words += ["--name", order.name, "--token-file", places.token(order.name)]
    if order.address is not None:
        words += ["--address", order.address]
    if order.runner_python is not None:
        words += ["--runner-python", order.runner_python]
    if order.tls is not None:
        words += ["--tls", order.tls]
    return tuple(words)


def _reach(order: Enrolment, interpreter: Interpreter) -> Step:
    host, port = order.controller_address
    code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 10).close()"
    return Step(
        f"it reaches the controller at {order.controller}",
        shlex.join([interpreter.path, "-c", code, host, str(port)]),
        "check `protran fleet status`, the address that the fleet is bound to, and the firewall between the two",
    )


def _find_certificates(order: Enrolment) -> list[Step]:
    if order.tls is None:
        return []
    script = " && ".join(f"test -r {quoted(f'{order.tls}/{name}')}" for name in (CERTIFICATE, KEY, AUTHORITY))
    advice = f"put {CERTIFICATE}, {KEY} and {AUTHORITY} there; docs/devices.md says how to make them"
    return [Step(f"its certificates in {order.tls}", script, advice)]


def _send_token(order: Enrolment, places: Places) -> Step:
    file = places.token(order.name)
    script = f"set -eu\numask 077\ncat > {quoted(f'{file}.part')}\nmv {quoted(f'{file}.part')} {quoted(file)}"
    advice = f"look at the rights of {places.base}"
    return Step(f"the fleet's token in {file}", script, advice, f"{order.token}\n".encode(), "the token")


def _start_unit(unit: Unit, text: str, look: Look) -> Step:
    sudo = "sudo -n " if unit.sudo else ""
    write = f"{sudo}mkdir -p {quoted(unit.folder)}\n{sudo}tee {quoted(unit.path)} > /dev/null\n"
    name = quoted(unit.name)
    if unit.scope is Scope.SYSTEM:
        control = f"{sudo}systemctl"
        script = f"set -eu\n{write}{control} daemon-reload\n{control} enable {name}\n{control} restart {name}"
        advice = f"see `journalctl -u {unit.name}` there"
    else:
        control = "systemctl --user"
        script = f"""
set -eu
{write}loginctl enable-linger
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
for attempt in 1 2 3 4 5; do {control} daemon-reload && break; sleep 1; done
{control} enable {name}
{control} restart {name}
"""
        advice = f"run there `sudo loginctl enable-linger {look.user}`, then enroll it again"
    return Step(f"the service {unit.name}", script, advice, text.encode(), "the unit", 120.0)
