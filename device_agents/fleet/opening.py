"""Opens the dispatcher of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher
from device_agents.fleet.inline import InlineDispatcher
from device_agents.fleet.local_agent import LOCAL_AGENT, ProfilingAgent, make_agent
from device_agents.fleet.simulating import SimulatingDispatcher


class DispatcherKind(str, Enum):
    """Ray: several tasks at once, and later other machines. Inline: one job after another, without Ray."""

    RAY = "ray"
    INLINE = "inline"


def open_dispatcher(
    kind: DispatcherKind | str = DispatcherKind.RAY,
    *,
    device_name: str = "local",
    train_slots: int | None = None,
    agent_factory: str = LOCAL_AGENT,
    agent_options: Mapping[str, Any] | None = None,
    simulated: Sequence[str] = (),
    measures: bool = True,
) -> Dispatcher:
    """Returns a dispatcher for this machine's device, and for simulated ones.

    Args:
        kind: which dispatcher.
        device_name: the name that the user gave this machine.
        train_slots: tasks that run at once on Ray; the number of cores, if not given.
        agent_factory: ``module:function`` that makes the agent from the name and the options.
        agent_options: JSON values for the factory; see `local_agent`.
        simulated: names of simulated devices, such as ``sim:rpi4``.
        measures: whether this machine is one of the devices, or only runs tasks.

    Raises:
        DeviceError: there is no such kind or simulated device, or the dispatcher does not start.
    """
    try:
        kind = DispatcherKind(kind)
    except ValueError:
        known = ", ".join(member.value for member in DispatcherKind)
        raise DeviceError(f"dispatcher must be one of {known}; got {kind!r}") from None
    agents = _simulated(simulated)  # first: an unknown name shall not cost a start of Ray
    machine = _machine(kind, device_name, train_slots, agent_factory, agent_options)
    return SimulatingDispatcher(machine, agents, shows_inner=measures) if agents else machine


def _simulated(names: Sequence[str]) -> list[ProfilingAgent]:
    if not names:
        return []
    from device_agents.simulated import SimulatedAgent  # noqa: PLC0415 (so that the others need no numpy)

    return [SimulatedAgent(name) for name in names]


def _machine(
    kind: DispatcherKind,
    device_name: str,
    train_slots: int | None,
    agent_factory: str,
    agent_options: Mapping[str, Any] | None,
) -> Dispatcher:
    if kind is DispatcherKind.INLINE:
        return InlineDispatcher({device_name: make_agent(agent_factory, device_name, agent_options or {})})
    from device_agents.fleet.ray import RayDispatcher  # noqa: PLC0415 (so that only those who use Ray need it)

    return RayDispatcher(device_name, train_slots=train_slots, agent_factory=agent_factory, agent_options=agent_options)
