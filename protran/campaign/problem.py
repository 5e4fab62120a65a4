"""What a campaign is about, worked out from its configuration: everything that stays the same from start to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_agents.workload import Workload
from protran.budgets import Budget
from protran.config import CampaignConfig
from protran.fidelity import Fidelity
from protran.objectives import Objective
from protran.optimize.sources import SourceRows
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from search_spaces.candidate import Candidate
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace


@dataclass(frozen=True)
class Device:
    """A device of the campaign: the user's name and the stable identity that measurements carry."""

    name: str
    identity: str


@dataclass(frozen=True)
class Problem:
    """Space, task, devices, objectives, budgets and the ways of measuring and training.

    Attributes:
        config: what the user asked for.
        space: where candidates come from.
        task_name: what they learn.
        task: the task's reference, from which its data is found; looking at results needs no data.
        input_spec: what they read and predict.
        devices: where they are measured.
        objectives: what is made small.
        budgets: hard limits.
        workload: what is timed.
        recipe: how weights are fitted.
        distilled: how those of a training with a teacher are; None where the campaign does not distil.
        low: fidelity of trainings in the seed and search phases.
        full: fidelity of trainings in the verify phase that give the error to report.
        refit: fidelity of its trainings that give the test error: of models fitted to the validation set too.
        origin: candidates that an earlier campaign verified, where this one solves it again.
        teacher: who taught those, where that campaign distilled.
        sources: other devices that beliefs about hardware start from; only whoever plans needs them.
    """

    config: CampaignConfig
    space: DesignSpace
    task_name: str
    task: Mapping[str, Any]
    input_spec: InputSpec
    devices: tuple[Device, ...]
    objectives: tuple[Objective, ...]
    budgets: tuple[Budget, ...]
    workload: Workload
    recipe: Recipe
    low: Fidelity
    full: Fidelity
    refit: Fidelity
    origin: tuple[Candidate, ...] = ()
    teacher: TrainingRequest | None = None
    sources: tuple[SourceRows, ...] = ()
    distilled: Recipe | None = None

    @property
    def verify_seeds(self) -> range:
        """Seeds of verification's trainings: none of those (seed 0) whose score may be why a candidate was chosen."""
        return range(1, 1 + self.config.effort.verify_seeds)

    def identity(self, device_name: str | None) -> str:
        """Returns the identity of the device that the user calls `device_name`; of the first one for None."""
        names = {device.name: device.identity for device in self.devices}
        return self.devices[0].identity if device_name is None else names[device_name]
