"""Opens the dispatcher of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher
from device_agents.fleet.device_workplace import PATIENCE_S
from device_agents.fleet.inline import InlineDispatcher
from device_agents.fleet.local_agent import LOCAL_AGENT, ProfilingAgent, make_agent
from device_agents.fleet.registry import enrolled_reader
from device_agents.fleet.simulating import SimulatingDispatcher
from device_agents.simulated_devices import is_simulated


class DispatcherKind(str, Enum):
    """Ray: several tasks at once, and later other machines. Inline: one job after another, without Ray."""

    RAY = "ray"
    INLINE = "inline"


def open_dispatcher(
    kind: DispatcherKind | str = DispatcherKind.RAY,
    devices: Sequence[str] | None = None,
    *,
    device_name: str = "local",
    train_slots: int | None = None,
    agent_factory: str = LOCAL_AGENT,
    agent_options: Mapping[str, Any] | None = None,
    patience_s: float = PATIENCE_S,
) -> Dispatcher:
    """Returns a dispatcher for devices: this machine, devices of its fleet, and simulated ones.

    Args:
        kind: which dispatcher.
        devices: names of the devices to measure on: that of this machine, ``sim:rpi4`` and the like, and names of
            devices that have joined this machine's controller, which need Ray. Without this machine's name it only runs
            tasks. This machine alone, if not given.
        device_name: the name that the user gave this machine.
        train_slots: tasks that run at once on Ray; the number of cores, if not given.
        agent_factory: ``module:function`` that makes this machine's agent from the name and the options.
        agent_options: JSON values for the factory; see `local_agent`.
        patience_s: how long a device of the fleet may be away before its jobs are given up.

    Raises:
        DeviceError: there is no such kind or device, or the dispatcher does not start.
    """
    names = (device_name,) if devices is None else tuple(devices)
    measures = device_name in names
    simulated = [name for name in names if is_simulated(name)]
    fleet = [name for name in names if name != device_name and not is_simulated(name)]
    try:
        kind = DispatcherKind(kind)
    except ValueError:
        known = ", ".join(member.value for member in DispatcherKind)
        raise DeviceError(f"dispatcher must be one of {known}; got {kind!r}") from None
    agents = _simulated(simulated)  # first: an unknown name shall not cost a start of Ray
    if kind is DispatcherKind.INLINE:
        if fleet:
            raise DeviceError(f"device {fleet[0]!r} needs the dispatcher ray, got inline")
        machine = _inline(device_name, agent_factory, agent_options)
        return SimulatingDispatcher(machine, agents, shows_inner=measures) if agents else machine
    machine = _on_ray(
        device_name=device_name if measures else None,
        train_slots=train_slots,
        agent_factory=agent_factory,
        agent_options=agent_options,
        fleet=[enrolled_reader(name) for name in fleet],
        patience_s=patience_s,
    )
    return SimulatingDispatcher(machine, agents) if agents else machine


def _simulated(names: Sequence[str]) -> list[ProfilingAgent]:
    if not names:
        return []
    from device_agents.simulated import SimulatedAgent  # noqa: PLC0415 (so that the others need no numpy)

    return [SimulatedAgent(name) for name in names]


def _inline(device_name: str, agent_factory: str, agent_options: Mapping[str, Any] | None) -> Dispatcher:
    return InlineDispatcher({device_name: make_agent(agent_factory, device_name, agent_options or {})})


def _on_ray(**options: Any) -> Dispatcher:
    from device_agents.fleet.ray import RayDispatcher  # noqa: PLC0415 (so that only those who use Ray need it)

    return RayDispatcher(**options)
