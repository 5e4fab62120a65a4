"""What a campaign's surrogates believe of candidates, in the units of fronts: predicted, with what they do not know.

Beliefs are those of the search after all rows: at full fidelity, without the noise of measurements. The value is the
median of the belief; its standard error is epistemic, to first order in the value's own unit (the delta method). Counts
are exact.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from device_agents.measurement import Provenance, Value
from protran.budgets import Budget
from protran.campaign.fronts import counted_values
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.search_state import search_state
from protran.errors import InputError
from protran.front import FrontCandidate
from protran.objectives import Objective
from protran.optimize.scales import Scale
from protran.optimize.state import Knowledge, SearchState
from search_spaces.candidate import Candidate

if TYPE_CHECKING:
    from protran.optimize.beliefs import Beliefs

Array = npt.NDArray[np.float64]
_AT_ONCE = 1000

NOT_THE_SEARCHS_OWN = (
    "the search's own beliefs also began with rows of other devices, which are left out here, so they differ somewhat"
)


@dataclass(frozen=True)
class Change:
    """How a value is predicted to change from one candidate to another, in SI units.

    Attributes:
        before: of the one.
        after: of the other.
        stderr: of the difference: both are believed together, so it is smaller than that of either.
        on_axis: the change on the axis of fronts: of costs, of their logarithm.
        provenance: predicted, or that of counts.
    """

    before: float
    after: float
    stderr: float
    on_axis: float
    provenance: Provenance


class Predictor:
    """The surrogates of a campaign, fitted to all its rows once.

    Args:
        known: the campaign.
        objectives: what is predicted.
        budgets: likewise, what they limit.

    Raises:
        InputError: there are too few rows of some objective to believe anything.
    """

    def __init__(self, known: KnownCampaign, objectives: Sequence[Objective], budgets: Sequence[Budget] = ()) -> None:
        from protran.optimize.beliefs import can_believe  # noqa: PLC0415 - it loads torch, which looking does not

        self._problem = dataclasses.replace(known.problem, objectives=tuple(objectives), budgets=tuple(budgets))
        state = search_state(self._problem, known.findings, len(known.steps))
        if not can_believe(state):
            raise InputError(
                f"expected two or more values of every objective to predict from, and {', '.join(known.names)} has "
                f"fewer yet; let the campaign go on, or name other objectives"
            )
        self.rows = len(known.rows)
        self._state = state
        self._beliefs = _fitted(state)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what is predicted."""
        return tuple(objective.name for objective in self._beliefs.objectives)

    def values(self, candidates: Sequence[Candidate]) -> list[FrontCandidate]:
        """Returns the candidates with their predicted values."""
        import torch  # noqa: PLC0415 - see above

        found = []
        for start in range(0, len(candidates), _AT_ONCE):
            part = list(candidates[start : start + _AT_ONCE])
            with torch.no_grad():
                mean, variance = self._beliefs.moments(self._beliefs.inputs.of_candidates(part))
            numbers = zip(part, mean.numpy(), variance.clamp_min(0.0).sqrt().numpy(), strict=True)
            found += [self._candidate(candidate, places, errors) for candidate, places, errors in numbers]
        return found

    def changes(self, candidate: Candidate, others: Sequence[Candidate]) -> list[dict[str, Change]]:
        """Returns for each of `others` how its values are predicted to differ from the candidate's, by name."""
        import torch  # noqa: PLC0415 - see above

        if not others:
            return []
        inputs = self._beliefs.inputs
        with torch.no_grad():
            own, rows = inputs.of_candidates([candidate]), inputs.of_candidates(list(others))
            mean, covariance = self._beliefs.joint(torch.stack([own.expand_as(rows), rows], dim=-2))
        variance = covariance[..., 0, 0] + covariance[..., 1, 1] - 2 * covariance[..., 0, 1]
        places, errors = mean.numpy(), variance.clamp_min(0.0).sqrt().numpy()
        return [self._changes(places[i], errors[i]) for i in range(len(others))]

    def _candidate(self, candidate: Candidate, places: Array, errors: Array) -> FrontCandidate:
        values = counted_values(self._problem, candidate)
        for objective, place, error in zip(self._beliefs.objectives, places, errors, strict=True):
            if objective.knowledge is not Knowledge.EXACT:
                value, slope = _in_unit(objective.scale, float(place))
                values[objective.name] = Value(value, slope * float(error), Provenance.PREDICTED)
        return FrontCandidate(candidate, values)

    def _changes(self, places: Array, errors: Array) -> dict[str, Change]:
        found = {}
        for j, objective in enumerate(self._beliefs.objectives):
            (before, _), (after, slope) = (_in_unit(objective.scale, float(place)) for place in places[j])
            exact = objective.knowledge is Knowledge.EXACT
            on_axis = after - before if objective.scale is Scale.LOGIT else float(places[j, 1] - places[j, 0])
            provenance = Provenance.EXACT if exact else Provenance.PREDICTED
            found[objective.name] = Change(before, after, slope * float(errors[j]), on_axis, provenance)
        return found


def _fitted(state: SearchState) -> Beliefs:
    from protran.optimize.beliefs import fit_beliefs  # noqa: PLC0415 - see above
    from protran.optimize.seeds import child_seed, deterministic_torch  # noqa: PLC0415

    with deterministic_torch(child_seed(state.seed, state.step, "predicted")):
        return fit_beliefs(state)


def _in_unit(scale: Scale, place: float) -> tuple[float, float]:
    """Returns the value at a place on a scale, and how much it changes with the place."""
    if scale is Scale.LOG:
        return float(np.exp(place)), float(np.exp(place))
    if scale is Scale.LOGIT:
        value = float(1.0 / (1.0 + np.exp(-place)))
        return value, value * (1.0 - value)
    return place, 1.0
