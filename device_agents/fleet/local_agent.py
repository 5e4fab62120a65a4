"""What a dispatcher needs of an agent, and how it comes by one in another process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Protocol

from device_agents.accelerator import Accelerator
from device_agents.agent import Agent
from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.outcome import describe
from device_agents.isolation import Limits
from device_agents.measurement import Measurement, ProfileRequest
from device_agents.meters.discovery import discover
from device_agents.meters.reports import best_meter
from device_agents.meters.spec import MeterSpec
from device_agents.nvidia_gpus import find_accelerator
from device_agents.reference import known_latency

LOCAL_AGENT = "device_agents.fleet.local_agent:local_agent"
"""Factory of the agent of the machine that it is called on."""


class ProfilingAgent(Protocol):
    """Profiles candidates on one device."""

    def profile(
        self, request: ProfileRequest, limits: Limits, *, energy: bool = True, keep_trace: bool = False
    ) -> Measurement:
        """Returns the answer to a request; a candidate that fails is a measurement with the status failed.

        Args:
            request: what to measure.
            limits: of time and memory.
            energy: whether to use the power sensor.
            keep_trace: whether the measurement shall carry the power over time.
        """

    def info(self) -> DeviceInfo:
        """Returns what is known of the device."""

    def close(self) -> None:
        """Ends what the agent started. May be called twice."""


def local_agent(
    name: str,
    *,
    runner_python: str | None = None,
    reference: Mapping[str, Any] | None = None,
    meter: Mapping[str, Any] | None = None,
    accelerator: str | None = None,
) -> Agent:
    """Returns the agent of this machine: of its processor, or of a GPU of it, which is another device.

    Args:
        name: name of the device.
        runner_python: interpreter that runs the models.
        reference: JSON object of the base's `ReferenceLatency` in an earlier session; ignored if of older references.
        meter: JSON object of the `MeterSpec`; the best sensor that this machine has, if not given.
        accelerator: ``cuda``, ``cuda:N`` or ``cuda:GPU-…``: the GPU that runs the models.

    Raises:
        RequestError: the accelerator is none of these.
        DeviceError: there is no such GPU.
    """
    gpu = None if accelerator is None else find_accelerator(accelerator)
    return Agent(
        name,
        runner_python=runner_python,
        reference=known_latency(reference),
        meter=_meter(meter, gpu),
        accelerator=gpu,
    )


def _meter(told: Mapping[str, Any] | None, gpu: Accelerator | None) -> MeterSpec:
    spec = best_meter(discover(), gpu=gpu is not None) if told is None else MeterSpec.from_json(told)
    return spec if gpu is None else gpu.meter(spec)


def make_agent(factory: str, name: str, options: Mapping[str, Any]) -> ProfilingAgent:
    """Returns ``factory(name, **options)``.

    Args:
        factory: ``module:function``, a text rather than a function so that no code travels between processes.
        name: name of the device.
        options: JSON values for the factory.

    Raises:
        DeviceError: there is no such module or function, or the factory fails.
    """
    module, _, function = factory.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise DeviceError(f"expected an agent factory as module:function, got {factory!r} ({error})") from error
    try:
        agent: ProfilingAgent = make(name, **options)
    except Exception as error:
        raise DeviceError(f"the agent of device {name!r} does not start: {describe(error)}") from error
    return agent
