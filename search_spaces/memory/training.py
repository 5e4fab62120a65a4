"""Memory of one training step: forward and backward of every micro-batch, then AdamW.

Gradients are freed at the beginning of a step (`zero_grad(set_to_none=True)`), so during the first backward pass they
grow while what autograd kept shrinks; from the second micro-batch on all of them are alive. The peak is found by
replaying the backward pass, operator by operator, and then the optimizer.

Exact, by torch's own record of its operators on a CPU, for sequences of two positions and more (with one position, some
of the counted copies are not made) and for heads that are together no wider than the hidden size, as pruning leaves
them (where they are wider, the worst moment can be one of the forward pass). Not counted: scratch memory inside
operators, and what the allocator holds back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from search_spaces.candidate import Candidate, Family
from search_spaces.errors import SpaceError
from search_spaces.input_spec import InputSpec
from search_spaces.memory.breakdown import Kept, Part, Place, Share, TrainingMemory, total_bytes
from search_spaces.memory.decoder_operations import decoder_backward
from search_spaces.memory.model_operations import Placed, backward
from search_spaces.memory.weights import Weight, parameters, weight_shares
from search_spaces.pruning import deployed_architecture
from search_spaces.traffic import BYTES

MOMENTS = 2  # AdamW's, of every parameter


@dataclass(frozen=True)
class _Peak:
    numbers: int
    place: Place


def training_memory(
    candidate: Candidate, input_spec: InputSpec, batch_size: int, *, micro_batches: int = 1, dropout: float = 0.1
) -> TrainingMemory:
    """Returns where the memory of a training step on `batch_size` sequences of full length goes.

    Args:
        candidate: what is trained; heads and channels that its deployment removes are gone.
        input_spec: what it reads and predicts.
        batch_size: sequences of the whole step.
        micro_batches: equal parts of the batch, one after the other, whose gradients are accumulated: what autograd
            keeps shrinks in proportion, nothing else does.
        dropout: probability inside the model; only whether it is 0 matters.

    Raises:
        SpaceError: `batch_size` is below 1, or not a multiple of `micro_batches`, or `dropout` is not in [0, 1), or the
            input spec is not one that the candidate's family reads.
    """
    if batch_size < 1 or micro_batches < 1 or batch_size % micro_batches:
        raise SpaceError(
            f"expected a batch_size that is a multiple of micro_batches, both at least 1; "
            f"got {batch_size} and {micro_batches}"
        )
    if not 0.0 <= dropout < 1.0:
        raise SpaceError(f"dropout must be at least 0 and below 1, got {dropout!r}")
    architecture = deployed_architecture(candidate)
    input_spec.check_family(architecture.family)
    tensors = parameters(architecture, input_spec)
    replay = decoder_backward if architecture.family is Family.DECODER else backward
    operations = list(replay(architecture, input_spec, batch_size // micro_batches, dropout > 0.0))
    weights = weight_shares(architecture, input_spec)
    trained = sum(weight.numbers for weight in tensors)
    optimizer_bytes = BYTES * (MOMENTS * trained + len(tensors))
    peak = max(_backward_peak(operations, trained, micro_batches > 1), _optimizer_peak(tensors), key=_numbers)
    return TrainingMemory(
        weights=weights,
        gradient_bytes=BYTES * trained,
        optimizer_bytes=optimizer_bytes,
        kept=_kept(operations),
        peak_bytes=total_bytes(weights) + optimizer_bytes + BYTES * peak.numbers,
        worst=peak.place,
        micro_batches=micro_batches,
    )


def _numbers(peak: _Peak) -> int:
    return peak.numbers


def _kept(operations: Sequence[Placed]) -> tuple[Share, ...]:
    """Returns what autograd keeps, in the order of the forward pass, summed over each place and kind."""
    totals: Counter[tuple[Place, Kept]] = Counter()
    for place, operation in reversed(operations):
        for kept, numbers in operation.kept.items():
            totals[place, kept] += BYTES * numbers
    return tuple(Share(place, size, kept) for (place, kept), size in totals.items())


def _backward_peak(operations: Sequence[Placed], trained: int, accumulates: bool) -> _Peak:
    """Returns the most that is alive, beside weights and optimizer, in the backward pass of the last micro-batch.

    Args:
        operations: of the backward pass, in its order.
        trained: parameters.
        accumulates: whether the gradients of earlier micro-batches are alive, to which new ones are added.
    """
    alive = sum(sum(operation.kept.values()) for _, operation in operations) + (trained if accumulates else 0)
    most = _Peak(alive, operations[0][0])
    for place, operation in operations:
        most = max(most, _Peak(alive + operation.made, place), key=_numbers)
        alive += operation.change - sum(operation.kept.values())
        alive += 0 if accumulates else operation.gradients
    return most


def _optimizer_peak(tensors: Sequence[Weight]) -> _Peak:
    """Returns the most that is alive, beside weights and the optimizer's own state, while AdamW updates `tensors`.

    All gradients are. For each tensor in turn AdamW makes the root of the second moment and, from that, the
    denominator; the one before is alive until then.

    Source: torch 2.13's `_single_tensor_adam`.
    """
    previous = most = 0
    for weight in tensors:
        most = max(most, previous + 2 * weight.numbers)
        previous = weight.numbers
    return _Peak(sum(weight.numbers for weight in tensors) + most, Place(None, Part.OPTIMIZER))
