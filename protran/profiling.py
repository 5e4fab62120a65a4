"""Profiles outside a campaign: one device, asked directly; nothing is recorded."""

from __future__ import annotations

from types import TracebackType

from device_agents.agent import Agent
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, ProfileJob
from device_agents.fleet.local_agent import ProfilingAgent, local_agent
from device_agents.fleet.opening import open_dispatcher
from device_agents.isolation.limits import Limits
from device_agents.measurement import Measurement, ProfileRequest
from device_agents.simulated import SimulatedAgent
from device_agents.simulated_devices import is_simulated
from device_agents.workload import Workload
from protran.devices import LOCAL, check_known, identity_of
from protran.errors import InputError
from protran.sensors import local_meter
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec

LIMITS = Limits(time_s=600.0)
POLL_S = 1.0
PATIENCE_S = 15.0
"""A person waits, who would rather know that the device is away."""


class Profiler:
    """Measures candidates on one device: this machine, one of its fleet, or a simulated one.

    Seconds of all its measurements have one scale. To be closed, or used in a ``with`` statement.

    Args:
        device: the device's name.
        accelerator: the GPU of this machine that runs the models (``cuda``, ``cuda:N``); the processor, if not given.

    Raises:
        InputError: it is not known, or not ready, or an accelerator of another device than this machine.
        DeviceError: the fleet's controller does not run, or there is no such GPU.
    """

    def __init__(self, device: str = LOCAL, *, accelerator: str | None = None) -> None:
        check_known([device])
        if accelerator is not None and device != LOCAL:
            raise InputError(f"an accelerator is of this machine, {LOCAL!r}; got device {device!r} and {accelerator!r}")
        self.device = device
        self._identity = identity_of(device)
        self._agent: ProfilingAgent | None = None
        self._dispatcher: Dispatcher | None = None
        if accelerator is not None:
            agent = local_agent(device, accelerator=accelerator)
            self._agent, self._identity = agent, agent.identity
        elif is_simulated(device):
            self._agent = SimulatedAgent(device)
        elif device == LOCAL:
            self._agent = Agent(device, meter=local_meter())
        else:
            self._dispatcher = open_dispatcher(devices=[device], patience_s=PATIENCE_S)

    def __enter__(self) -> Profiler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def measure(
        self,
        candidate: Candidate,
        input_spec: InputSpec,
        workload: Workload | None = None,
        *,
        repeats: int = 1,
        keep_trace: bool = False,
    ) -> list[Measurement]:
        """Returns `repeats` measurements of one candidate; one that cannot run is a measurement with a reason.

        Args:
            candidate: what to build.
            input_spec: what it reads.
            workload: what a call is; an inference of one sequence, if not given.
            repeats: independent measurements.
            keep_trace: whether they carry the power over time, where the device has a power sensor.

        Raises:
            InputError: fewer than one repeat.
            DeviceError: the device cannot run even the reference model, or was lost, or this is closed.
        """
        if repeats < 1:
            raise InputError(f"repeats must be at least 1, got {repeats}")
        requests = [
            ProfileRequest(candidate, input_spec, workload or Workload(), self._identity, repeat)
            for repeat in range(repeats)
        ]
        return [self._measured(request, keep_trace=keep_trace) for request in requests]

    def close(self) -> None:
        """Ends what was started. May be called twice."""
        agent, self._agent = self._agent, None
        dispatcher, self._dispatcher = self._dispatcher, None
        if agent is not None:
            agent.close()
        if dispatcher is not None:
            dispatcher.close()

    def _measured(self, request: ProfileRequest, *, keep_trace: bool) -> Measurement:
        if self._agent is not None:
            return self._agent.profile(request, LIMITS, keep_trace=keep_trace)
        if self._dispatcher is None:
            raise DeviceError(f"the profiler of {self.device} is closed; open a new one")
        self._dispatcher.submit(ProfileJob(request, LIMITS, keep_trace=keep_trace))
        while (result := self._dispatcher.next_result(POLL_S)) is None:
            pass
        if result.measurement is None:
            raise DeviceError(f"{result.failure}; see `protran device doctor {self.device}`")
        return result.measurement
