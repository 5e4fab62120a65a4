"""Who proposes: ProTran's search by gradients through relaxed genes, and the usual samplers, behind one interface."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import optuna

from protran.integration.optuna import suggest_candidate
from protran.optimize.gradient import GradientProposer
from protran.optimize.noise import mean_error_variance
from protran.optimize.state import ExactQuantity, Observation, SearchObjective, SearchState
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import DesignSpace

OBJECTIVES = ("error", "latency_s", "memory_bytes")
START, BATCH = 16, 4
"""A campaign's: so many candidates are spread over the space first, and so many are proposed at once."""
MOST = 512
"""Evaluations of a run."""


@dataclass(frozen=True)
class Seen:
    """What an evaluation said of a candidate; NaN where it failed."""

    candidate: Candidate
    error: float
    latency_s: float
    latency_stderr_s: float
    memory_bytes: float

    @property
    def values(self) -> tuple[float, ...]:
        """The objectives, in their order."""
        return self.error, self.latency_s, self.memory_bytes

    @property
    def ok(self) -> bool:
        """Whether all of them are known."""
        return all(math.isfinite(value) for value in self.values)


class Method(ABC):
    """Proposes one candidate after the other, and is told what came of it. Deterministic by its seed.

    Args:
        space: where candidates come from.
        input_spec: what they read.
        seed: of all that is random.
    """

    def __init__(self, space: DesignSpace, input_spec: InputSpec, seed: int) -> None:
        self.space, self.input_spec, self.seed = space, input_spec, seed

    @abstractmethod
    def ask(self) -> Candidate:
        """Returns the next candidate."""

    @abstractmethod
    def tell(self, seen: Seen) -> None:
        """Takes what came of the last one."""


class ProTran(Method):
    """What campaigns do: a sample that fills the space, then batches by gradients, from all that was seen so far."""

    def __init__(self, space: DesignSpace, input_spec: InputSpec, seed: int) -> None:
        super().__init__(space, input_spec, seed)
        self._seen: list[Seen] = []
        self._asked = list(sample(space, START, SamplingMethod.SOBOL, seed))
        self._step = 0

    def ask(self) -> Candidate:
        """Returns the next of a batch; proposes a new one where it is used up."""
        if not self._asked:
            self._step += 1
            self._asked = GradientProposer().propose(self._state(), BATCH)
        return self._asked.pop(0)

    def tell(self, seen: Seen) -> None:
        """Remembers it."""
        self._seen.append(seen)

    def _state(self) -> SearchState:
        error, latency, _ = OBJECTIVES
        return SearchState(
            space=self.space,
            input_spec=self.input_spec,
            objectives=(
                SearchObjective.error_rate(error),
                SearchObjective.hardware(latency),
                SearchObjective.exact(ExactQuantity.MEMORY_BYTES),
            ),
            observations=tuple(
                Observation(
                    seen.candidate,
                    {error: seen.error, latency: seen.latency_s},
                    {error: mean_error_variance([seen.error], None), latency: seen.latency_stderr_s**2},
                )
                for seen in sorted(self._seen, key=lambda item: item.candidate.key)
                if seen.ok
            ),
            seed=self.seed,
            step=self._step,
            excluded=tuple(seen.candidate for seen in self._seen if not seen.ok),
        )


class Sampled(Method):
    """Candidates of a sample, whatever came of those before."""

    how = SamplingMethod.RANDOM

    def __init__(self, space: DesignSpace, input_spec: InputSpec, seed: int) -> None:
        super().__init__(space, input_spec, seed)
        self._left = iter(sample(space, MOST, self.how, seed))

    def ask(self) -> Candidate:
        """Returns the next one."""
        return next(self._left)

    def tell(self, seen: Seen) -> None:
        """Learns nothing."""


class Sobol(Sampled):
    """The same, spread evenly."""

    how = SamplingMethod.SOBOL


class Sampler(Method):
    """A sampler of Optuna, over the genes; what failed is told as a failure."""

    def __init__(
        self, space: DesignSpace, input_spec: InputSpec, seed: int, make: Callable[[int], optuna.samplers.BaseSampler]
    ) -> None:
        super().__init__(space, input_spec, seed)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(directions=["minimize"] * len(OBJECTIVES), sampler=make(seed))
        self._trial: optuna.Trial | None = None

    def ask(self) -> Candidate:
        """Returns the next candidate."""
        self._trial = self._study.ask()
        return suggest_candidate(self._trial, self.space)

    def tell(self, seen: Seen) -> None:
        """Tells the study."""
        if self._trial is None:
            raise ValueError("expected a trial that was asked for before it is told")
        if seen.ok:
            self._study.tell(self._trial, seen.values)
        else:
            self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)


def _tpe(space: DesignSpace, input_spec: InputSpec, seed: int) -> Method:
    return Sampler(space, input_spec, seed, lambda root: optuna.samplers.TPESampler(seed=root))


def _nsga2(space: DesignSpace, input_spec: InputSpec, seed: int) -> Method:
    def make(root: int) -> optuna.samplers.BaseSampler:
        # generations small enough that some are bred within a few dozen evaluations
        return optuna.samplers.NSGAIISampler(seed=root, population_size=START)

    return Sampler(space, input_spec, seed, make)


METHODS: Mapping[str, Callable[[DesignSpace, InputSpec, int], Method]] = {
    "protran": ProTran,
    "random": Sampled,
    "sobol": Sobol,
    "nsga2": _nsga2,
    "tpe": _tpe,
}
