"""What each operator of the model leaves in memory when it is trained: the backward pass, operator by operator.

Everything is counted in numbers (fp32) of one micro-batch. Lists of operations are in the order of the *backward* pass;
each operation frees what forward kept for it when its backward is done. A tensor kept by several operators is counted
with the one whose backward comes last, since it lives until then.

Source: torch 2.13's autograd on a CPU; the tests record what it saves and what its operators allocate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from search_spaces.memory.breakdown import Kept


@dataclass(frozen=True)
class Operation:
    """The backward of one operator.

    Attributes:
        kept: numbers that the forward pass keeps for it.
        made: numbers that it allocates, beside what was alive before.
        change: gradients of activations alive afterwards, less those alive before.
        gradients: numbers in the parameter gradients that it makes.
    """

    kept: Mapping[Kept, int] = field(default_factory=dict)
    made: int = 0
    change: int = 0
    gradients: int = 0


def linear(
    rows: int,
    inputs: int,
    outputs: int,
    kept: Kept = Kept.LINEAR_INPUT,
    kept_numbers: int | None = None,
    *,
    bias: bool = True,
) -> Operation:
    """Returns the backward of a linear layer over `rows` positions; it keeps its input, or `kept_numbers` (0: none)."""
    numbers = rows * inputs if kept_numbers is None else kept_numbers
    weights = (inputs + int(bias)) * outputs
    return Operation(
        {kept: numbers} if numbers else {}, rows * inputs + weights, rows * (inputs - outputs), gradients=weights
    )


def norm(rows: int, hidden: int, bias: bool = True) -> Operation:
    """Returns the backward of a layer norm over `rows` positions."""
    kept = {Kept.NORM_INPUT: rows * hidden, Kept.NORM_STATISTICS: 2 * rows}
    weights = (1 + int(bias)) * hidden
    return Operation(kept, rows * hidden + weights, gradients=weights)


def dropout(size: int) -> Operation:
    """Returns the backward of dropping out of `size` numbers: it keeps the mask, as numbers, and not its input."""
    return Operation({Kept.DROPOUT_MASK: size}, made=size)


def gelu(size: int) -> Operation:
    """Returns the backward of GELU."""
    return Operation({Kept.GELU_INPUT: size}, made=size)


def copied(size: int) -> Operation:
    """Returns the backward of a view whose gradient of `size` numbers has to be copied into another order."""
    return Operation(made=size)


def joined(size: int) -> Operation:
    """Returns the end of a residual's backward: both gradients are added into a third tensor."""
    return Operation(made=size, change=-size)
