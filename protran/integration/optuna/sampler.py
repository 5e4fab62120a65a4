"""ProTran's search as a sampler of Optuna."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from optuna.distributions import BaseDistribution
from optuna.logging import get_logger
from optuna.samplers import BaseSampler
from optuna.samplers._base import _process_constraints_after_trial
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import qmc
from torch import Tensor

from protran.errors import InputError
from protran.integration.optuna.axes import Array, axis_of
from protran.integration.optuna.believing import believe_constraints, believe_objectives, target_of
from protran.integration.optuna.cube import ParameterCube
from protran.integration.optuna.inputs import GeneInputs, Inputs
from protran.integration.optuna.observations import Observations, observations_of
from protran.integration.optuna.pending import announce, pending_points
from protran.integration.optuna.proposal import Search, SearchEffort, on_cpu
from protran.optimize.acquisition import Acquisition, make_acquisition
from protran.optimize.beliefs import FEWEST_ROWS
from protran.optimize.hypervolume import non_dominated
from protran.optimize.seeds import child_generator, child_seed, deterministic_torch
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace
from surrogates.errors import SurrogateError

_ONE_AT_A_TIME = threading.Lock()
"""Held while a proposal is made: torch's number of threads and its random state belong to the whole process."""

SPREAD = 16
"""Points of the even sequence among which one is looked for that was not tried."""


class ProTranSampler(BaseSampler):
    """Gaussian processes that tell noise from ignorance, and the noisy expected hypervolume improvement.

    For any define-by-run search space, one objective or several, any directions, and constraints. Parameters that not
    every complete trial has with the same range are drawn at random, one by one. Running trials count as points whose
    values are not known yet. Failed and pruned trials are left out.

    A proposal is a function of the seed, the trial's number and the other trials: with a seed, studies that run one
    trial after the other repeat themselves.

    Args:
        seed: of all random numbers; None for one by lot.
        n_startup_trials: complete trials before the first model; until then points are spread evenly (scrambled Sobol).
        constraints_func: returns numbers of a finished trial that are to be at most 0. `Trial.set_constraint` does the
            same; Optuna prefers it.
        space: with `input_spec`: where the study's parameters are the genes of this space, as `suggest_candidate` asks
            for them, the models may see what the candidates cost.
        input_spec: what these candidates read and predict.
        effort: how hard a proposal is searched for.

    Raises:
        InputError: only one of `space` and `input_spec` is given, or a number is out of range.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        n_startup_trials: int = 10,
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
        space: DesignSpace | None = None,
        input_spec: InputSpec | None = None,
        effort: SearchEffort | None = None,
    ) -> None:
        if (space is None) != (input_spec is None):
            raise InputError("expected space and input_spec together, got one of them; give both or none")
        if n_startup_trials < 0 or (seed is not None and seed < 0):
            raise InputError(f"seed and n_startup_trials must be at least 0, got {seed} and {n_startup_trials}")
        self._seed = _by_lot() if seed is None else seed
        self._startup = max(n_startup_trials, FEWEST_ROWS)
        self._constraints_func = constraints_func
        self._genes = None if space is None or input_spec is None else (space, input_spec)
        self._effort = effort if effort is not None else SearchEffort()
        self._search_space = IntersectionSearchSpace()
        self._told = False

    def reseed_rng(self) -> None:
        """Takes another seed, by lot; Optuna asks for it where trials run in several threads."""
        self._seed = _by_lot()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Returns the parameters that all complete trials have with the same range, but for those with one value."""
        known = self._search_space.calculate(study)
        return {name: distribution for name, distribution in known.items() if not distribution.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Returns values for the parameters of `search_space`."""
        if not search_space:
            return {}
        cube = ParameterCube(search_space)
        with _ONE_AT_A_TIME:
            trials = study.get_trials(deepcopy=False)
            observed, pending = observations_of(trials, cube, study.directions), pending_points(trials, trial, cube)
            propose = self._spread if len(observed) < self._startup else self._proposed
            proposed = cube.decode(propose(cube, observed, pending, trial.number))
            announce(study, trial, proposed, cube)
        return proposed

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Returns a random value of one parameter."""
        uniform = child_generator(self._seed, trial.number, f"independent {param_name}").random(1)
        if param_distribution.single():
            return param_distribution.to_external_repr(getattr(param_distribution, "low", 0))
        axis = axis_of(param_distribution)
        return axis.value(axis.spread(uniform)[0])

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Stores what `constraints_func` says of a trial."""
        if self._constraints_func is not None:
            _process_constraints_after_trial(self._constraints_func, study, trial, state)

    def _spread(self, cube: ParameterCube, observed: Observations, pending: Array, number: int) -> Array:
        """Returns point `number` of a sequence that is spread evenly, or the next one that was not tried."""
        sobol = qmc.Sobol(cube.parameters, rng=np.random.default_rng(child_seed(self._seed, 0, "sobol")))
        sobol.fast_forward(number)
        points = cube.spread(sobol.random(SPREAD))
        inputs = self._inputs(cube)
        taken = set(inputs.keys(np.concatenate([observed.points, pending])))
        fresh = (point for point, key in zip(points, inputs.keys(points), strict=True) if key not in taken)
        return next(fresh, points[0])

    def _proposed(self, cube: ParameterCube, observed: Observations, pending: Array, number: int) -> Array:
        """Returns the point that is expected to improve most on what is known."""
        inputs = self._inputs(cube)
        seed = child_seed(self._seed, number, "torch")
        taken = set(inputs.keys(np.concatenate([observed.points, pending])))
        try:
            with on_cpu(), torch.enable_grad(), deterministic_torch(seed):
                worth, members = self._worth(observed, inputs, pending, number)
                generator = child_generator(self._seed, number, "search")
                return Search(cube, inputs, worth, generator, self._effort).best(members, taken)
        except (torch.linalg.LinAlgError, SurrogateError) as error:  # type: ignore[attr-defined]
            # A study must not end because of rounding.
            get_logger(__name__).warning(f"Trial {number} is spread evenly: the model cannot be computed ({error}).")
            return self._spread(cube, observed, pending, number)

    def _worth(
        self, observed: Observations, inputs: Inputs, pending: Array, number: int
    ) -> tuple[Callable[[Tensor], Tensor], Array]:
        """Returns what rows are worth, and the points of the best trials.

        Improvement counts from feasible trials. While there is none, only the chance to keep the constraints counts.
        """
        rows, views = inputs.of_points(observed.points), inputs.views
        constraints = believe_constraints(observed, rows, views)
        acquisition: Acquisition | None = None
        members = observed.points[observed.feasible]
        if len(members):
            beliefs = believe_objectives(observed, rows, views)
            known = rows[torch.as_tensor(observed.feasible)]
            front = non_dominated(beliefs.mean(known).numpy())
            target = target_of(beliefs, known)
            members = members[front]
            generator = child_generator(self._seed, number, "acquisition")
            known = torch.cat([known, inputs.of_points(pending)])
            acquisition = make_acquisition(beliefs, target, known, generator)

        def worth(rows: Tensor) -> Tensor:
            total = 0.0 * rows.sum(-1)  # nothing may be known yet
            for constraint in constraints:
                total = total + constraint.log_probability(rows)
            return total if acquisition is None else total + acquisition(rows)

        return worth, members

    def _inputs(self, cube: ParameterCube) -> Inputs:
        if self._genes is not None:
            space, input_spec = self._genes
            if GeneInputs.covers(cube, space):
                return GeneInputs(cube, space, input_spec)
            if not self._told:
                get_logger(__name__).warning(
                    f"The study's parameters are not the genes of the space {space.name}: what candidates cost is not "
                    f"seen. Ask for them with suggest_candidate(trial, space)."
                )
                self._told = True
        return Inputs(cube)


def _by_lot() -> int:
    return int(np.random.SeedSequence().generate_state(1)[0])
