"""Fronts as documents, for whatever shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer

DocumentMaker = Callable[..., dict[str, Any]]

_UNITS = {
    "error": "fraction",
    "latency_s": "s",
    "memory_bytes": "B",
    "energy_j": "J",
    "peak_power_w": "W",
    "test_error": "fraction",
}
_SOURCES = {"error": "scored", "test_error": "scored", "latency_s": "measured-counter", "memory_bytes": "exact"}


def make_candidate(number: int, objectives: Sequence[str]) -> dict[str, Any]:
    hidden = 8 * (1 + number % 4)
    architecture = Architecture((Layer(hidden, HEAD_KINDS[: 1 + number % 2], (16 + number,)),))
    numbers = {
        "error": (0.30 - 0.02 * number, 0.012),
        "test_error": (0.33 - 0.02 * number, 0.02),
        "latency_s": (0.001 * (number + 1), 0.00002),
        "memory_bytes": (20_000.0 * (number + 1), 0.0),
        "energy_j": (None, None),
        "peak_power_w": (2.0 + number, 0.1),
    }
    values = {}
    for name in [*objectives, "test_error"]:
        quantity = name.partition("@")[0]
        value, stderr = numbers[quantity]
        provenance = "unavailable" if value is None else _SOURCES.get(quantity, "measured-sampled")
        values[name] = {"value": value, "stderr": stderr, "unit": _UNITS[quantity], "provenance": provenance}
    return {
        "key": Candidate(architecture).key,
        "architecture": architecture.to_json(),
        "deployment": {},
        "values": values,
    }


@pytest.fixture
def front_document() -> DocumentMaker:
    """Makes a front of so many candidates, in the schema of the JSON interface."""

    def make(
        count: int = 4, objectives: Sequence[str] = ("error", "latency_s", "memory_bytes"), **fields: Any
    ) -> dict[str, Any]:
        return {
            "campaigns": ["demo"],
            "devices": ["local"],
            "objectives": [
                {
                    "name": name,
                    "device": name.partition("@")[2] or None,
                    "unit": _UNITS[name.partition("@")[0]],
                    "direction": "minimise",
                }
                for name in objectives
            ],
            "budgets": [],
            "candidates": [make_candidate(number, objectives) for number in range(count)],
            **fields,
        }

    return make
