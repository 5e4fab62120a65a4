"""The 37 whole numbers by which ProTran's authors name an architecture of FlexiBERT 2.0, and back: for baselines.

``[depth]`` and, for each of 12 layers, ``[hidden, stack, heads]``; each number is an index, and the three of an absent
layer are 0:

    depth    among 2, 4, 6, 8, 10, 12 layers
    hidden   among 128, 256, 512, 768
    stack    among all stacks of 1, 2 or 3 sizes: the shorter first, then in order of the first size, the second, …
    heads    among all multisets of 2, 4, 8 or 12 heads: the fewer first, then in order of the first head, the second, …
             with kinds in the order of `HEAD_KINDS`

An embedding is a name, not a place: neighbouring indices of heads or stacks need not be alike.

Source: worked out from the columns `architecture` and `embedding` of the measurement tables published with ProTran
(github.com/JHA-Lab/protran, `energy_profiler/results/`), all 364 rows of which it gives exactly.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Generic, TypeVar

from search_spaces.candidate import HEAD_KINDS, Architecture, HeadKind, Layer
from search_spaces.errors import SpaceError

LENGTH = 1 + 3 * 12

Choice = TypeVar("Choice")


class _Numbering(Generic[Choice]):
    """The choices of one gene and their numbers, from 0; `known` says to people what the choices are."""

    def __init__(self, name: str, choices: Iterable[Choice], known: str) -> None:
        self.name = name
        self.known = known
        self.choices = tuple(choices)
        self.numbers = {choice: number for number, choice in enumerate(self.choices)}

    def number_of(self, choice: Choice, place: str) -> int:
        """Returns the number of `choice`; `place` begins the message of the error where it has none."""
        if choice not in self.numbers:
            raise SpaceError(
                f"the published embedding does not know this architecture: {place}{self.name} must be {self.known}, "
                f"got {_words(choice)}; take one from the space flexibert-v2"
            )
        return self.numbers[choice]

    def choice_at(self, number: int, place: str) -> Choice:
        """Returns the choice that has `number`; `place` begins the message of the error where none has."""
        if not isinstance(number, Integral) or not 0 <= number < len(self.choices):
            raise SpaceError(
                f"{place}{self.name}: expected a whole number from 0 to {len(self.choices) - 1}, got {number}"
            )
        return self.choices[number]


def _words(choice: object) -> str:
    parts = choice if isinstance(choice, tuple) else (choice,)
    return ", ".join(part.value if isinstance(part, HeadKind) else str(part) for part in parts)


_DEPTH = _Numbering("the number of layers", (2, 4, 6, 8, 10, 12), "one of 2, 4, 6, 8, 10, 12")
_HIDDEN = _Numbering("hidden", (128, 256, 512, 768), "one of 128, 256, 512, 768")


@functools.cache
def _stacks() -> _Numbering[tuple[int, ...]]:
    sizes = (256, 512, 1024, 2048, 3072, 4096)
    stacks = itertools.chain.from_iterable(itertools.product(sizes, repeat=depth) for depth in (1, 2, 3))
    return _Numbering("feed_forward", stacks, "1 to 3 sizes among 256, 512, 1024, 2048, 3072, 4096")


@functools.cache
def _heads() -> _Numbering[tuple[HeadKind, ...]]:
    sets = (itertools.combinations_with_replacement(HEAD_KINDS, number) for number in (2, 4, 8, 12))
    return _Numbering("heads", itertools.chain.from_iterable(sets), "2, 4, 8 or 12 of the seven kinds")


def embed(architecture: Architecture) -> tuple[int, ...]:
    """Returns the 37 numbers of `architecture`.

    Raises:
        SpaceError: the architecture is not in the published space.
    """
    layers = architecture.layers
    numbers = [_DEPTH.number_of(len(layers), "")]
    for count, layer in enumerate(layers, start=1):
        place = f"layer {count}: "
        numbers.append(_HIDDEN.number_of(layer.hidden, place))
        numbers.append(_stacks().number_of(layer.feed_forward, place))
        numbers.append(_heads().number_of(layer.heads, place))
    return (*numbers, *(0,) * (LENGTH - len(numbers)))


def from_embedding(numbers: Sequence[int]) -> Architecture:
    """Returns the architecture whose 37 numbers are `numbers`.

    Raises:
        SpaceError: there are not 37 numbers, one is out of range, or one of an absent layer is not 0.
    """
    if len(numbers) != LENGTH:
        raise SpaceError(f"expected an embedding of {LENGTH} numbers, got {len(numbers)}")
    depth = _DEPTH.choice_at(numbers[0], "")
    triples = [numbers[start : start + 3] for start in range(1, LENGTH, 3)]
    for count, triple in enumerate(triples[depth:], start=depth + 1):
        if any(triple):
            raise SpaceError(f"layer {count} is absent among {depth} layers: expected three zeros, got {list(triple)}")
    return Architecture(
        tuple(_layer(triple, f"layer {count}: ") for count, triple in enumerate(triples[:depth], start=1))
    )


def _layer(triple: Sequence[int], place: str) -> Layer:
    hidden, stack, heads = triple
    return Layer(
        hidden=_HIDDEN.choice_at(hidden, place),
        heads=_heads().choice_at(heads, place),
        feed_forward=_stacks().choice_at(stack, place),
    )
