"""A cheap world with known truth: error, latency and memory of `edge-small` candidates by formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from protran.optimize.state import ExactQuantity, Observation, SearchObjective, SearchState
from search_spaces.candidate import Candidate, HeadKind
from search_spaces.cost import count, memory_bytes
from search_spaces.genes import genes_of
from search_spaces.input_spec import InputKind, InputSpec
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace, load_space

INPUT_SPEC = InputSpec(InputKind.WINDOWS, length=150, classes=7, channels=3, patch=5)
OBJECTIVES = (
    SearchObjective.error_rate(),
    SearchObjective.hardware("latency_s"),
    SearchObjective.exact(ExactQuantity.MEMORY_BYTES),
)
ATTENTION = (HeadKind.SCALED_DOT_PRODUCT, HeadKind.WEIGHTED_MULTIPLICATIVE)
SEED_SPREAD = 0.015
JITTER = 0.01


@dataclass(frozen=True)
class World:
    """The truth about every candidate of a space, and noisy looks at it."""

    space: DesignSpace

    def truth(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Returns error, latency_s and memory_bytes, `n x 3`.

        The error falls with the logarithm of the parameters down to a floor, the more so with attention and depth; the
        latency is overhead per operator plus arithmetic.
        """
        cost = count(genes_of(candidates), INPUT_SPEC)
        attention = np.array([_share(candidate) for candidate in candidates])
        strength = np.log10(cost.parameters) - 2.5 + 0.6 * attention + 0.3 * np.log2(cost.depth)
        error = 0.08 + 0.5 * np.exp(-0.8 * strength)
        latency = 1e-4 + 8e-6 * cost.launches + cost.macs / 2e9
        return np.stack([np.clip(error, 0.0, 0.9), latency, memory_bytes(cost, 1)], axis=1)

    def look(self, candidates: Sequence[Candidate], seed: int, trained: bool = True) -> tuple[Observation, ...]:
        """Returns one noisy observation per candidate: a profile, and a training if `trained`."""
        generator = np.random.default_rng([seed, len(candidates)])
        rows = []
        for candidate, (error, latency, _) in zip(candidates, self.truth(candidates), strict=True):
            values = {"latency_s": float(latency * np.exp(generator.normal(0.0, JITTER)))}
            variances = {"latency_s": float((latency * JITTER) ** 2)}
            if trained:
                values["error"] = float(np.clip(error + generator.normal(0.0, SEED_SPREAD), 0.0, 1.0))
                variances["error"] = SEED_SPREAD**2
            rows.append(Observation(candidate, values, variances))
        return tuple(rows)

    def start(self, rows: int, seed: int = 0, **changes: object) -> SearchState:
        """Returns the state after `rows` candidates of a low-discrepancy sample."""
        candidates = sample(self.space, rows, SamplingMethod.LATIN_HYPERCUBE, seed) if rows else []
        observations = self.look(candidates, seed) if rows else ()
        state = SearchState(self.space, INPUT_SPEC, OBJECTIVES, observations, seed=seed)
        return replace(state, **changes)  # type: ignore[arg-type]


def _share(candidate: Candidate) -> float:
    heads = [head for layer in candidate.architecture.layers for head in layer.heads]
    return sum(head in ATTENTION for head in heads) / len(heads)


@pytest.fixture(scope="session")
def world() -> World:
    return World(load_space("edge-small"))
