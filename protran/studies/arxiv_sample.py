"""A uniform sample of distinct texts from a stream, in memory for the sample alone.

Each text gets a pseudo-random number from itself and the seed, and the texts with the lowest numbers stay. Unlike a
reservoir that draws by position, equal texts meet equal numbers, so a text that comes twice is seen to, however far
apart: in a set that is split at random it would be in train and test.

Source: E. Cohen and H. Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Kept:
    """A text that is in the sample.

    Attributes:
        place: where it came first in the stream.
        text: itself.
        labels: as they came first.
        repeats: how often it came again since.
    """

    place: int
    text: str
    labels: tuple[int, ...]
    repeats: int = 0


class DistinctSample:
    """Texts with the lowest numbers.

    Args:
        limit: how many texts stay at most; None for all.
        seed: another seed chooses others.
    """

    def __init__(self, limit: int | None, seed: int) -> None:
        self._limit = limit
        self._salt = hashlib.sha256(str(seed).encode("ascii")).digest()
        self._kept: dict[int, Kept] = {}
        self._highest: list[int] = []  # negated numbers of the kept, a heap
        self.dropped = 0
        """Texts that came and did not stay, with their repeats."""

    def offer(self, place: int, text: str, labels: tuple[int, ...]) -> None:
        """Keeps the text if its number is among the lowest, in place of the highest."""
        digest = hashlib.blake2b(text.encode("utf-8"), digest_size=16, key=self._salt).digest()
        number = int.from_bytes(digest, "big")
        if number in self._kept:
            self._kept[number].repeats += 1
            return
        if self._limit is not None and len(self._kept) == self._limit:
            if number > -self._highest[0]:
                self.dropped += 1
                return
            out = self._kept.pop(-heapq.heapreplace(self._highest, -number))
            self.dropped += 1 + out.repeats
        elif self._limit is not None:
            heapq.heappush(self._highest, -number)
        self._kept[number] = Kept(place, text, labels)

    def __iter__(self) -> Iterator[Kept]:
        """Yields what stayed, in the order of the stream."""
        return iter(sorted(self._kept.values(), key=lambda kept: kept.place))
