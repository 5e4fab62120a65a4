"""How many of something there are, in words that agree with the number."""

from __future__ import annotations


def how_many(number: int, noun: str) -> str:
    """Returns ``1 candidate``, or ``2 candidates``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
