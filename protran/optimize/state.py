"""What a proposer is given: the space, what is wanted, and what has been seen. Pure data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from protran.optimize.scales import Scale
from protran.optimize.sources import SourceRows
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace

Array = npt.NDArray[np.float64]


class Knowledge(str, Enum):
    """How the value of an objective comes to be known."""

    EXACT = "exact"
    """Counted from the genes: no model, no noise."""
    HARDWARE = "hardware"
    """Measured on a device: cheap."""
    SCORE = "score"
    """Found by training: dear."""


class ExactQuantity(str, Enum):
    """What can be counted from the genes."""

    PARAMETERS = "parameters"
    MEMORY_BYTES = "memory_bytes"


@dataclass(frozen=True)
class SearchObjective:
    """One objective to minimise.

    Attributes:
        name: its name in observations and budgets, for example `latency_s` or `latency_s@DEVICE`.
        knowledge: how its value comes to be known.
        scale: the axis on which it is modelled.
        volume: the axis on which its share of the hypervolume is counted; by default the decades of a cost count
            alike, and the points of a rate.
        quantity: what is counted; required for exact objectives, and only there.
    """

    name: str
    knowledge: Knowledge
    scale: Scale = Scale.LOG
    volume: Scale = field(default=Scale.LINEAR)
    quantity: ExactQuantity | None = None

    def __post_init__(self) -> None:
        if (self.knowledge is Knowledge.EXACT) != (self.quantity is not None):
            raise ValueError(f"objective {self.name}: expected a counted quantity exactly where it is exact")

    @classmethod
    def exact(cls, quantity: ExactQuantity) -> SearchObjective:
        """Returns the objective that counts `quantity`."""
        return cls(quantity.value, Knowledge.EXACT, Scale.LOG, Scale.LOG, quantity)

    @classmethod
    def hardware(cls, name: str) -> SearchObjective:
        """Returns a measured cost: positive, spanning decades."""
        return cls(name, Knowledge.HARDWARE, Scale.LOG, Scale.LOG)

    @classmethod
    def error_rate(cls, name: str = "error") -> SearchObjective:
        """Returns an error rate between 0 and 1, modelled as log-odds."""
        return cls(name, Knowledge.SCORE, Scale.LOGIT, Scale.LINEAR)


@dataclass(frozen=True)
class Observation:
    """One row: what one profile, one training, or both said of a candidate.

    Attributes:
        candidate: whom it is about; several observations may be about the same candidate.
        values: objective name -> observed value in its own unit; only what was observed.
        variances: objective name -> variance of that value; left out where unknown.
        fidelity: fidelity of the training behind a score, 0 to 1 (1 = full).
        counts: objective name -> how many measurements its value is the mean of; left out where it is one.
        shared: objective name -> the part of its variance that no repeat makes smaller; left out where there is none.
    """

    candidate: Candidate
    values: Mapping[str, float]
    variances: Mapping[str, float] = field(default_factory=dict)
    fidelity: float = 1.0
    counts: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchState:
    """All that a proposal depends on.

    Attributes:
        space: where candidates come from.
        input_spec: what the model reads and predicts.
        objectives: what is minimised, in the order of the hypervolume's axes.
        observations: what was seen, in the order in which it was seen.
        budgets: objective name -> upper limit in its own unit.
        seed: the campaign's root seed.
        step: number of this proposal within the campaign.
        pending: proposed before and not answered yet.
        excluded: never to be proposed again (failed ones).
        batch_size: batch of the workload, for the memory that is counted.
        sources: other devices, which beliefs about hardware may start from; none of the campaign's own.
    """

    space: DesignSpace
    input_spec: InputSpec
    objectives: tuple[SearchObjective, ...]
    observations: tuple[Observation, ...]
    budgets: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    step: int = 0
    pending: tuple[Candidate, ...] = ()
    excluded: tuple[Candidate, ...] = ()
    batch_size: int = 1
    sources: tuple[SourceRows, ...] = ()

    def __post_init__(self) -> None:
        names = [objective.name for objective in self.objectives]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"expected one or more objectives with different names, got {names}")
        unknown = sorted(set(self.budgets) - set(names))
        if unknown:
            raise ValueError(f"budget on {unknown[0]!r}: expected one of the objectives {', '.join(names)}")

    def of(self, *knowledge: Knowledge) -> tuple[SearchObjective, ...]:
        """Returns the objectives that come to be known in one of these ways, in their order."""
        return tuple(objective for objective in self.objectives if objective.knowledge in knowledge)

    def taken(self) -> set[str]:
        """Returns the candidate keys not to be proposed for training: scored, pending or excluded ones.

        Where no objective is a score, an observed candidate is taken.
        """
        scores = {objective.name for objective in self.of(Knowledge.SCORE)}
        done = (row.candidate for row in self.observations if not scores or scores & finite_names(row))
        return {candidate.key for candidate in (*done, *self.pending, *self.excluded)}

    def columns(self, objectives: Sequence[SearchObjective]) -> tuple[Array, Array]:
        """Returns values and variances, each `n x m` in their own units, NaN where missing or unknown."""
        values = np.full((len(self.observations), len(objectives)), np.nan)
        variances = values.copy()
        for i, row in enumerate(self.observations):
            for j, objective in enumerate(objectives):
                values[i, j] = row.values.get(objective.name, math.nan)
                variances[i, j] = row.variances.get(objective.name, math.nan)
        variances[np.isnan(values)] = np.nan
        return values, variances


def finite_names(row: Observation) -> set[str]:
    """Returns the names of the objectives of which this row holds a finite value."""
    return {name for name, value in row.values.items() if math.isfinite(value)}
