"""The agent of a board that cannot run Ray (32-bit systems, small boards): it lives here, its runner lives there.

Boards are reached over ssh. Android phones over adb and microcontrollers over a serial line are not built: a phone that
runs an ssh server with a Python, torch or onnxruntime beside it can be reached as a board.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.agent import MEMORY_SHARE, Agent, Runner
from device_agents.enrolment.ssh import Ssh
from device_agents.enrolment.target import parse_target
from device_agents.enrolment.wheel import runner_archive
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.measurement import Measurement, ProfileRequest
from device_agents.meters.spec import MeterSpec
from device_agents.proxy.shipping import ship
from device_agents.proxy.ssh_runner import SshRunner
from device_agents.reference import ReferenceLatency, known_latency

SSH_AGENT = "device_agents.proxy.agent:ssh_agent"
"""Factory of the agent of a board."""

ENTRY = "device_agents.proxy.entry"
FACTS_ENTRY = "device_agents.runner.facts"
FACTS_LIMITS = Limits(time_s=60.0)


class BoardAgent(Agent):
    """Profiles on a board: identity, facts, sensors, heat, runtimes and free memory are the board's own.

    Args:
        name: name of the device.
        runner: answers on the board, as `device_agents.proxy.entry` does; this agent closes it.
        about: what the board said of itself, as `device_agents.runner.facts` does.
        target: how the board is reached, for the facts.
        reference: the base reference's latency in an earlier session.
        meter: which of the board's power sensors to use; the best of them, if not given.
    """

    def __init__(
        self,
        name: str,
        runner: Runner,
        about: Mapping[str, Any],
        *,
        target: str,
        reference: ReferenceLatency | None = None,
        meter: MeterSpec | None = None,
    ) -> None:
        self._board = runner
        told = {name: about[name] for name in ("sensors", "throttling", "runtimes")}
        self._board_facts = {**about["machine"], **told, "proxy": target}
        super().__init__(
            name,
            runner=runner,
            reference=reference,
            meter=meter or MeterSpec.from_json(about["meter"]),
            identity=about["identity"],
            facts=lambda: dict(self._board_facts),
        )

    def profile(
        self,
        request: ProfileRequest,
        limits: Limits | None = None,
        *,
        energy: bool = True,
        keep_trace: bool = False,
    ) -> Measurement:
        """Returns the answer to a request, as every agent does.

        Without a limit of its own a candidate may take a share of the memory that is free on the board.

        Raises:
            JobFailed: of kind lost: the link is lost, or the board cannot even run the reference.
        """
        limits = limits or Limits()
        if limits.memory_bytes is None:
            limits = limits.bounded(self._free_bytes(), MEMORY_SHARE)
        return super().profile(request, limits, energy=energy, keep_trace=keep_trace)

    def _free_bytes(self) -> int | None:
        try:
            free: int | None = self._board.call({"memory": None}, FACTS_LIMITS)["available_bytes"]
        except JobFailed as failure:
            raise JobFailed(FailureKind.LOST, failure.reason, failure.detail) from failure
        return free if free is not None else self._board_facts["memory_bytes"]


def ssh_agent(
    name: str,
    *,
    target: str,
    python: str = "python3",
    shipped: bool = True,
    reference: Mapping[str, Any] | None = None,
    meter: Mapping[str, Any] | None = None,
) -> BoardAgent:
    """Returns the agent of a board that is reached over ssh.

    The board needs an ssh server that lets a key of this user's in, Python 3.10 or newer, numpy, and torch; not Ray.

    Args:
        name: name of the device.
        target: ``user@host`` or ``user@host:port``.
        python: interpreter there, a name or a path, which may begin with ``~/``.
        shipped: whether our packages are copied there; False where they are installed for that interpreter.
        reference: JSON object of the base's `ReferenceLatency` in an earlier session; ignored if of older references.
        meter: JSON object of the `MeterSpec`; the best sensor that the board has, if not given.

    Raises:
        RequestError: the target or the interpreter is not valid.
        DeviceError: the board cannot be reached, or has no such interpreter.
    """
    where = parse_target(target)
    path = ship(Ssh(where), runner_archive()) if shipped else None
    with SshRunner(where, FACTS_ENTRY, python=python, python_path=path) as asked:
        about = asked.call({"facts": None}, FACTS_LIMITS)
    runner = SshRunner(where, ENTRY, python=python, python_path=path)
    return BoardAgent(
        name,
        runner,
        about,
        target=str(where),
        reference=known_latency(reference),
        meter=None if meter is None else MeterSpec.from_json(meter),
    )
