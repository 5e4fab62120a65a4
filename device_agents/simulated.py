"""The agent of a simulated device: answers at once, from counts and data sheets, and says that it did.

For dry runs and tests. Nothing is built or run, and no value is measured: each is `simulated`, the memory is counted.

A device that heats up is simulated with the mean that it sustains, the share at the lower clock included: the
measurement is ok and bears the flag `throttled`. A real device's is rejected then, since nobody knows that share.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from dataclasses import dataclass

from device_agents.counted_memory import counted_memory
from device_agents.device import DeviceInfo
from device_agents.errors import RequestError
from device_agents.flags import Flag
from device_agents.isolation.limits import Limits
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.reference import reference_model
from device_agents.roofline import CallCost, call_cost
from device_agents.simulated_devices import SIMULATION_VERSION, SimulatedDevice, simulated_device
from device_agents.workload import Workload
from search_spaces.errors import SpaceError

TRIALS = 3
TRIAL_S = 10.0
TRIAL_CALLS = 10
"""Every trial runs for at least so many seconds and so many calls, as MLPerf Tiny asks."""
FREE_SHARE = 0.8  # of the memory, beside the system and the runtime: assumed
NOISE = 0.01  # relative standard deviation of a trial of a slow model: assumed
POWER_NOISE = 0.02  # relative standard deviation of a trial's mean power: assumed


@dataclass(frozen=True)
class Run:
    """What all trials of a measurement show, but for the noise.

    Attributes:
        latency_s: mean over all calls, before and after the clock dropped.
        energy_j: of one call.
        power_w: mean before the clock dropped: the most that a mean over seconds sees.
        busy_s: how long the calls take.
        throttled: the clock dropped meanwhile.
    """

    latency_s: float
    energy_j: float
    power_w: float
    busy_s: float
    throttled: bool


class SimulatedAgent:
    """Answers requests for one simulated device. The same request has the same values, a repeat has others.

    Args:
        name: such as ``sim:rpi4``.

    Raises:
        DeviceError: there is no such device.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._device = simulated_device(name)
        self.identity = self._device.identity

    def profile(
        self,
        request: ProfileRequest,
        limits: Limits | None = None,
        *,
        energy: bool = True,
        keep_trace: bool = False,
    ) -> Measurement:
        """Returns the answer to `request`.

        Limits are for what runs, and nothing runs here; energy is simulated always, a trace of the power is not.
        """
        if request.device_identity != self.identity:
            reason = f"the request is for device {request.device_identity}, this is {self.identity}; ask that device"
            return _failed(request, reason)
        try:
            request.workload.check_deployment(request.candidate.deployment)
            memory = counted_memory(request)
            cost = call_cost(self._device, request)
        except (RequestError, SpaceError) as error:
            return _failed(request, str(error))
        free_bytes = FREE_SHARE * self._device.memory_bytes
        if memory.value is not None and memory.value > free_bytes:
            return _failed(
                request,
                f"out of memory: it takes {_gigabytes(memory.value)}, and {self.name} has {_gigabytes(free_bytes)} for "
                f"it; take a smaller model or batch",
            )
        return _measurement(request, self._device, cost, memory)

    def info(self) -> DeviceInfo:
        """Returns what the device is; the latency of its reference is simulated too."""
        candidate, input_spec = reference_model()
        reference_s = call_cost(
            self._device, ProfileRequest(candidate, input_spec, Workload(), self.identity)
        ).latency_s
        facts = {
            "processor": self._device.title,
            "cores": self._device.cores,
            "memory_bytes": self._device.memory_bytes,
            "provenance": Provenance.SIMULATED.value,
            "simulation_version": SIMULATION_VERSION,
            "reference": {"latency_s": reference_s, "provenance": Provenance.SIMULATED.value},
        }
        return DeviceInfo(self.name, self.identity, "ready", facts)

    def close(self) -> None:
        """Does nothing: nothing was started. May be called twice."""


def run_of(device: SimulatedDevice, cost: CallCost) -> Run:
    """Returns what the trials show of a call that costs `cost`, on a device that is cool when they begin.

    It heats up in proportion to the power above idle; the longer the calls take and the more power they draw, the
    larger the share of them that runs at the lower clock.
    """
    cool_s = cost.latency_s
    calls = TRIALS * max(TRIAL_CALLS, math.ceil(TRIAL_S / cool_s))
    lasts_s = math.inf
    if device.throttles_after_s is not None:
        lasts_s = device.throttles_after_s * (device.full_power_w - device.idle_power_w) / cost.dynamic_power_w
    throttled = calls * cool_s > lasts_s
    cool_calls = lasts_s / cool_s if throttled else calls
    busy_s = cool_calls * cool_s + (calls - cool_calls) * cost.hot_latency_s(device.hot_clock)
    latency_s = busy_s / calls
    energy_j = cost.idle_power_w * latency_s + cost.dynamic_j
    return Run(latency_s, energy_j, cost.idle_power_w + cost.dynamic_power_w, busy_s, throttled)


def relative_noise(device: SimulatedDevice, latency_s: float) -> float:
    """Returns the relative standard deviation of one trial's latency: larger, the shorter the call."""
    return min(0.5, math.hypot(NOISE, device.jitter_s / latency_s))


def _measurement(request: ProfileRequest, device: SimulatedDevice, cost: CallCost, memory: Value) -> Measurement:
    run = run_of(device, cost)
    noise = relative_noise(device, run.latency_s)
    source = random.Random(request.request_id)  # the same in every process and on every machine
    latencies = _trials(run.latency_s, noise, source)
    powers = _trials(run.energy_j / run.latency_s, POWER_NOISE, source)
    energies = tuple(power * latency for power, latency in zip(powers, latencies, strict=True))
    threads = min(request.candidate.deployment.threads, device.cores)
    latency = _simulated(latencies, noise)
    return Measurement(
        request_id=request.request_id,
        device_identity=request.device_identity,
        status=MeasurementStatus.OK,
        values={
            "latency_s": latency,
            "core_seconds": _simulated([threads * latency_s for latency_s in latencies], noise),
            "energy_j": _simulated(energies, math.hypot(noise, POWER_NOISE)),
            "peak_power_w": _simulated(_trials(run.power_w, POWER_NOISE, source), POWER_NOISE),
            "memory_bytes": memory,
        },
        flags=(Flag.THROTTLED.value,) if run.throttled else (),
        blocks={"latency_s": latencies, "energy_j": energies},
        details={
            "compute_s": cost.compute_s,
            "memory_s": cost.memory_s,
            "launch_s": cost.launch_s,
            "dynamic_energy_j": cost.dynamic_j,
            "idle_power_w": cost.idle_power_w,
            "busy_s": run.busy_s,
        },
        started_at=_now(),
    )


def _trials(value: float, noise: float, source: random.Random) -> tuple[float, ...]:
    """Returns what trials show of `value`: log-normal around it, so that none is below 0."""
    return tuple(value * math.exp(source.gauss(0.0, noise) - noise**2 / 2) for _ in range(TRIALS))


def _simulated(trials: tuple[float, ...] | list[float], noise: float) -> Value:
    mean = statistics.fmean(trials)
    return Value(mean, mean * noise / math.sqrt(len(trials)), Provenance.SIMULATED)


def _failed(request: ProfileRequest, reason: str) -> Measurement:
    return Measurement(
        request_id=request.request_id,
        device_identity=request.device_identity,
        status=MeasurementStatus.FAILED,
        reason=reason,
        started_at=_now(),
    )


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.3g} GB"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
