"""Enrols a machine: looks, plans, carries out, and waits until the fleet has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from device_agents.clock import Clock
from device_agents.enrolment.fitness import brings_cuda, check_fitness, matching_interpreter, runner_bytes
from device_agents.enrolment.look import Look, look_at
from device_agents.enrolment.order import Enrolment
from device_agents.enrolment.plan import Plan, plan_enrolment
from device_agents.enrolment.ssh import Remote, shell_command, ssh_command
from device_agents.enrolment.step import Step
from device_agents.enrolment.unit import Scope, Unit
from device_agents.enrolment.wheel import Archive
from device_agents.errors import DeviceError

READY_S = 900.0
"""The fleet itself gives a self-test 600 s; before it Ray must start, and one refusal be tried again."""
_ASK_S = 2.0

IsReady = Callable[[], str | None]
"""Returns one sentence on the device once the fleet has it, None until then."""
Say = Callable[[str], None]


class EnrolmentState(str, Enum):
    """What became of an enrolment: the fleet has the device, or the user has yet to start it there."""

    READY = "ready"
    TO_BE_STARTED = "to-be-started"


@dataclass(frozen=True)
class EnrolmentResult:
    """A finished enrolment.

    Attributes:
        order: what was asked.
        state: what became of it.
        look: what was seen of the machine.
        unit: the service that keeps the device in its fleet; None without systemd.
        join: the command that joins the fleet, to be run there by hand where there is no service.
        finding: the fleet's sentence on the device.
    """

    order: Enrolment
    state: EnrolmentState
    look: Look
    unit: Unit | None
    join: str
    finding: str

    def to_json(self) -> dict[str, Any]:
        """Returns the result as a JSON object; it holds no secret."""
        return {
            "name": self.order.name,
            "target": str(self.order.target),
            "state": self.state.value,
            "machine": self.look.to_json(),
            "service": None if self.unit is None else {"name": self.unit.name, "scope": self.unit.scope.value},
            "join": self.join,
            "finding": self.finding,
        }


def prepare(order: Enrolment, remote: Remote, wheel: Archive, say: Say) -> tuple[Look, Plan]:
    """Returns what is seen of the machine and what there is to do; changes nothing there.

    Raises:
        DeviceError: it cannot be reached or cannot be a device; the message says what to do.
    """
    look = look_at(remote, order.python)
    say(f"{order.target}: {look.summary()}")
    check_fitness(look, order.target, runner_bytes(order, look))
    interpreter = matching_interpreter(look, order.target, order.python)
    if brings_cuda(order, look):
        say(
            "note: on this architecture the usual torch brings gigabytes of CUDA libraries; --torch-index with the "
            "index of the CPU-only builds avoids them"
        )
    return look, plan_enrolment(order, look, interpreter, wheel)


def enroll(
    order: Enrolment, remote: Remote, wheel: Archive, *, is_ready: IsReady, say: Say, clock: Clock
) -> EnrolmentResult:
    """Makes the machine a device of the fleet. May be repeated: it then mends what it finds.

    Args:
        order: what is asked.
        remote: the machine.
        wheel: our packages.
        is_ready: asks the fleet; returns a sentence once it has the device, None until then.
        say: takes one line per step.
        clock: what the waiting reads.

    Raises:
        DeviceError: a step failed; one sentence with what to do next.
    """
    look, plan = prepare(order, remote, wheel, say)
    for number, step in enumerate(plan.steps, 1):
        _carry_out(step, remote)
        say(f"{number}/{len(plan.steps)} {step.title}")
    if plan.unit is None:
        say(f"no systemd there: keep this running on it: {plan.join_line}")
        return EnrolmentResult(order, EnrolmentState.TO_BE_STARTED, look, None, plan.join_line, "")
    say("waits until it has joined and passed its self-test")
    finding = _wait(order, remote, plan.unit, is_ready, clock)
    say(f"{order.name} is ready: {finding}")
    return EnrolmentResult(order, EnrolmentState.READY, look, plan.unit, plan.join_line, finding)


def plan_lines(order: Enrolment, plan: Plan) -> Iterator[str]:
    """Yields a plan for a reader: each step with the exact script that its command runs."""
    yield f"each script below runs as: {' '.join(ssh_command(order.target, shell_command('SCRIPT')))}"
    for number, step in enumerate(plan.steps, 1):
        reads = f" (reads {step.reads}, {len(step.stdin)} bytes, from standard input)" if step.reads else ""
        yield f"{number}/{len(plan.steps)} {step.title}{reads}"
        yield from (f"    {line}" for line in step.script.strip().splitlines())
    how = "no systemd there: then run on it" if plan.unit is None else "the service runs"
    yield f"{how}: {plan.join_line}"


def _carry_out(step: Step, remote: Remote) -> None:
    done = remote.run(step.script, stdin=step.stdin, time_s=step.time_s)
    if done.code != 0:
        raise DeviceError(f"{remote.target} failed at this step: {step.title} ({done.complaint}); {step.advice}")


def _wait(order: Enrolment, remote: Remote, unit: Unit, is_ready: IsReady, clock: Clock) -> str:
    deadline_s = clock.wall_s() + READY_S
    while True:
        finding = is_ready()
        if finding is not None:
            return finding
        if clock.wall_s() >= deadline_s:
            said = last_words(remote, unit)
            raise DeviceError(
                f"{order.name} did not come into the fleet within {READY_S:g} s; its service last said: {said}; see "
                f"`protran device list`, and `journalctl -u {unit.name}` on {order.target}"
            )
        clock.sleep(_ASK_S)


def last_words(remote: Remote, unit: Unit) -> str:
    """Returns the last line that a service wrote."""
    whose = "--user-unit" if unit.scope is Scope.USER else "--unit"
    sudo = "sudo -n " if unit.sudo else ""
    done = remote.run(f"{sudo}journalctl {whose} {unit.name} --lines 20 --output cat --no-pager")
    lines = [line.strip() for line in done.output.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"
