"""What a call costs on a simulated device, without noise: a roofline, with an overhead for every operator launched.

A call computes for ``sum(MACs of a kind / speed of that kind)`` and moves its bytes meanwhile; the slower of the two
counts, and all launches come on top. Traffic is counted for the whole pass only, so the roof lies over all of it.

Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model", CACM 52 (2009).
"""

from __future__ import annotations

from dataclasses import dataclass

from device_agents.measurement import ProfileRequest
from device_agents.simulated_devices import SimulatedDevice, Work
from device_agents.workload import WorkloadKind
from search_spaces.candidate import Candidate
from search_spaces.cost import Cost, count_candidate
from search_spaces.deployment import Deployment, Precision
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.memory import Part, inference_memory

KINDS = {
    Work.DENSE: ("macs_attention_projection", "macs_feed_forward", "macs_embedding", "macs_head"),
    Work.MIXING: ("macs_attention_mixing",),
    Work.FOURIER: ("macs_fourier",),
    Work.CONVOLUTION: ("macs_convolution",),
}
"""Which counts of `Cost` are which kind of work; each belongs to exactly one."""

TRAINING_FACTOR = 3
"""A training step over a forward pass: the backward pass has two products for each of the forward pass."""
OPTIMIZER_PASSES = 7
"""AdamW reads weight, gradient and both moments, and writes all but the gradient."""
PARALLEL_SHARE = 0.9  # of the work, which more threads share (Amdahl's law): assumed
BANDWIDTH_SHARE = 0.5  # of the peak, that is reached: assumed
COMPUTE_POWER_SHARE = 0.7  # of the power above idle; the rest is the memory's: assumed
LAUNCH_POWER_SHARE = 0.25  # of the power above idle, between operators: assumed


@dataclass(frozen=True)
class CallCost:
    """What one call takes.

    Attributes:
        compute_s: of the products alone.
        memory_s: of the traffic alone.
        launch_s: of all launches.
        dynamic_j: energy above idle.
        idle_power_w: power of the device at rest.
    """

    compute_s: float
    memory_s: float
    launch_s: float
    dynamic_j: float
    idle_power_w: float

    @property
    def latency_s(self) -> float:
        """Seconds of one call."""
        return max(self.compute_s, self.memory_s) + self.launch_s

    @property
    def dynamic_power_w(self) -> float:
        """Mean power above idle during the call."""
        return self.dynamic_j / self.latency_s

    def hot_latency_s(self, clock: float) -> float:
        """Returns the latency at a share `clock` of the full clock; memory keeps its speed."""
        return max(self.compute_s / clock, self.memory_s) + self.launch_s / clock


def call_cost(device: SimulatedDevice, request: ProfileRequest) -> CallCost:
    """Returns what one call of the request's workload takes on `device`.

    Raises:
        SpaceError: the input spec is not one that the candidate's family reads.
    """
    candidate, workload = request.candidate, request.workload
    cost = count_candidate(candidate, request.input_spec)
    steps = TRAINING_FACTOR if workload.kind is WorkloadKind.TRAINING_STEP else 1
    weights, activations = _traffic(candidate, request.input_spec, cost)
    moved = steps * (workload.micro_batches * weights + workload.batch_size * activations)
    if workload.kind is WorkloadKind.TRAINING_STEP:
        moved += OPTIMIZER_PASSES * cost.weight_bytes
    compute_s = compute_j = 0.0
    for kind, names in KINDS.items():
        macs = steps * workload.batch_size * sum(getattr(cost, name) for name in names)
        format_time = _format_time(device, candidate.deployment, kind, cost.depth)
        speed = (
            device.peak_macs_per_s * device.efficiency[kind] * _thread_speed_up(device, candidate.deployment.threads)
        )
        compute_s += macs * format_time / speed
        compute_j += macs * format_time * mac_j(device)
    launch_s = steps * workload.micro_batches * cost.launches * device.launch_s
    launch_j = launch_s * LAUNCH_POWER_SHARE * _power_above_idle_w(device)
    memory_s = moved / (BANDWIDTH_SHARE * device.bandwidth_bytes_per_s)
    return CallCost(compute_s, memory_s, launch_s, compute_j + moved * byte_j(device) + launch_j, device.idle_power_w)


def mac_j(device: SimulatedDevice) -> float:
    """Returns the energy of one fp32 multiply-accumulate: that which all cores at work turn into the full power."""
    speed = device.peak_macs_per_s * device.efficiency[Work.DENSE] * _thread_speed_up(device, device.cores)
    return COMPUTE_POWER_SHARE * _power_above_idle_w(device) / speed


def byte_j(device: SimulatedDevice) -> float:
    """Returns the energy of one byte moved: that which the memory at work turns into its share of the full power."""
    return (1 - COMPUTE_POWER_SHARE) * _power_above_idle_w(device) / (BANDWIDTH_SHARE * device.bandwidth_bytes_per_s)


def _power_above_idle_w(device: SimulatedDevice) -> float:
    return device.full_power_w - device.idle_power_w


def _traffic(candidate: Candidate, input_spec: InputSpec, cost: Cost) -> tuple[float, float]:
    """Returns the bytes of weights that a forward pass reads once whatever the batch, and those of each sequence."""
    shares = inference_memory(candidate, input_spec).weights
    whole = sum(share.bytes for share in shares)
    looked_up = input_spec.kind is not InputKind.WINDOWS  # of a table only some rows are read: they count per sequence
    read = sum(share.bytes for share in shares if not (looked_up and share.place.part is Part.EMBEDDING))
    activations = max(0, cost.bytes_moved - read)
    half = candidate.deployment.precision in (Precision.BF16, Precision.FP16)
    return read * cost.weight_bytes / whole, activations * (0.5 if half else 1.0)


def _format_time(device: SimulatedDevice, deployment: Deployment, kind: Work, depth: int) -> float:
    """Returns the time of a product over its time in fp32; in int8 only products with weights are any faster."""
    precision = deployment.precision
    faster = 1 / device.speed_ups.get(precision, 1.0)
    if not precision.is_int8:
        return faster
    if kind is not Work.DENSE:
        return 1.0
    kept = sum(layer.keep_fp32 for layer in deployment.layers) / depth
    return kept + (1 - kept) * faster


def _thread_speed_up(device: SimulatedDevice, threads: int) -> float:
    """Returns how much faster `threads` threads are than one: Amdahl's law, up to the number of cores."""
    return 1 / (1 - PARALLEL_SHARE + PARALLEL_SHARE / min(threads, device.cores))
