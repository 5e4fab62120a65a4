"""The Ray actor of a device of the fleet: one for all campaigns, made by whoever needs it first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from device_agents.fleet.device_worker import THREADS, FleetDeviceWorker
from device_agents.fleet.registry import Enrolled

_FACTORIES = {
    "local": "device_agents.fleet.local_agent:local_agent",
    "ssh": "device_agents.proxy.agent:ssh_agent",
}


def device_resource(name: str) -> str:
    """Returns the Ray resource that the node of a device has, once."""
    return f"device:{name}"


def device_actor(ray: Any, device: Enrolled) -> Any:
    """Returns the handle of the device's actor; makes it, on the device, if there is none."""
    worker = ray.remote(FleetDeviceWorker).options(
        name=f"agent:{device.name}",
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        resources={device_resource(device.name): 1},
        max_restarts=0,
        max_concurrency=THREADS,
    )
    return worker.remote(_FACTORIES[device.agent["kind"]], device.name, json.dumps(_options(device)))


def _options(device: Enrolled) -> Mapping[str, Any]:
    options = dict(device.agent.get("options") or {})
    return options if device.reference is None else {**options, "reference": dict(device.reference)}
