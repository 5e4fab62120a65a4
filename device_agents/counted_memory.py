"""The memory of a request, counted: the same number on every device."""

from __future__ import annotations

from device_agents.measurement import UNAVAILABLE, ProfileRequest, Provenance, Value
from device_agents.workload import WorkloadKind
from search_spaces.cost import count_candidate, memory_bytes
from search_spaces.deployment import Precision, Runtime
from search_spaces.memory import training_memory


def counted_memory(request: ProfileRequest) -> Value:
    """Returns weights and activations, of a training step also gradients and optimizer, at the worst moment.

    Exact for torch. What is counted are torch's operators: onnxruntime fuses some and keeps the attention maps, so for
    it the number is an estimate of unknown error. Unavailable for a training step in another format than fp32, which
    is not counted.

    Raises:
        SpaceError: the input spec is not one that the candidate's family reads.
    """
    workload = request.workload
    if workload.kind is WorkloadKind.INFERENCE:
        cost = count_candidate(request.candidate, request.input_spec)
        number = float(memory_bytes(cost, workload.batch_size))
        if request.candidate.deployment.runtime is not Runtime.TORCH:
            return Value(number, None, Provenance.ESTIMATED_GENERIC)
        return Value(number, 0.0, Provenance.EXACT)
    if request.candidate.deployment.precision is not Precision.FP32:
        return UNAVAILABLE
    step = training_memory(
        request.candidate, request.input_spec, workload.batch_size, micro_batches=workload.micro_batches
    )
    return Value(float(step.peak_bytes), 0.0, Provenance.EXACT)
