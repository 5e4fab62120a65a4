"""Fronts as documents, for whatever shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from device_agents.measurement import UNAVAILABLE, Provenance, Value
from protran.budgets import budgets_for
from protran.front import Front, FrontCandidate
from protran.objectives import objectives_for
from search_spaces.candidate import HEAD_KINDS, Architecture, Candidate, Layer

MEASURED, SAMPLED = Provenance.MEASURED_COUNTER, Provenance.MEASURED_SAMPLED


def make_candidate(number: int, names: Sequence[str]) -> FrontCandidate:
    layer = Layer(8 * (1 + number % 4), HEAD_KINDS[: 1 + number % 2], (16 + number,))
    known = {
        "error": Value(0.30 - 0.02 * number, 0.012, Provenance.SCORED),
        "latency_s": Value(0.001 * (number + 1), 0.00002, MEASURED),
        "memory_bytes": Value(20_000.0 * (number + 1), 0.0, Provenance.EXACT),
        "energy_j": UNAVAILABLE,
        "peak_power_w": Value(2.0 + number, 0.1, SAMPLED),
    }
    values = {name: known[name.partition("@")[0]] for name in names}
    values["test_error"] = Value(0.33 - 0.02 * number, 0.02, Provenance.SCORED)
    return FrontCandidate(Candidate(Architecture((layer,))), values)


@pytest.fixture
def front_document() -> Callable[..., dict[str, Any]]:
    """Makes a front of so many candidates, as `Front.to_json` writes it."""

    def make(
        count: int = 4,
        objectives: Sequence[str] = ("error", "latency_s", "memory_bytes"),
        budgets: Sequence[str] = (),
        devices: Sequence[str] = ("local",),
    ) -> dict[str, Any]:
        chosen = objectives_for(objectives, devices)
        names = [objective.name for objective in chosen]
        candidates = tuple(make_candidate(number, names) for number in range(count))
        return Front(("demo",), tuple(devices), chosen, budgets_for(budgets, devices), candidates).to_json()

    return make
