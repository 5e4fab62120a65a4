"""A small task in a file, whose names are hostile, and trained candidates of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from deployable_waves import ARCHITECTURE, LENGTH, NAMES, PLAIN, deployable

from protran.deploy.deployable import Deployable
from protran.fidelity import Fidelity
from protran.ledger.evaluation import Evaluation
from protran.tasks.registry import load_task
from protran.training.recipe import Recipe
from protran.training.request import TrainingRequest
from protran.training.worker import handle
from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment


@pytest.fixture(scope="session")
def task_file(tmp_path_factory) -> Path:
    """Windows of three frequencies, from ten people."""
    generator = np.random.default_rng(0)
    labels = np.tile([0, 1, 2], 60)
    phase = generator.uniform(0, 2 * np.pi, (len(labels), 3, 1))
    waves = np.sin(2 * np.pi * (1 + 2 * labels[:, None, None]) * np.arange(LENGTH) / LENGTH + phase)
    path = tmp_path_factory.mktemp("a private place") / "waves_of_<b>.npz"
    signals = 3.0 + 2.0 * waves + 0.5 * generator.standard_normal(waves.shape)
    np.savez(path, X=signals.astype(np.float32), y=np.array(NAMES)[labels], groups=np.repeat(np.arange(10), 18))
    return path


@pytest.fixture(scope="session")
def trained(task_file) -> Callable[..., Deployable]:
    """Returns what there is to export of a candidate; trained once for each set of arguments."""
    task, made = load_task(task_file), {}

    def train(deployment: Deployment = PLAIN, teacher: bool = False, weights: Path | None = None) -> Deployable:
        given = (deployment, teacher, weights)
        if given not in made:
            request = TrainingRequest.on(task, ARCHITECTURE, Recipe(batch_size=16), Fidelity(3, refit=True), 1)
            if teacher:
                taught = dataclasses.replace(request.recipe, distillation=0.5)
                request = dataclasses.replace(request, recipe=taught, teacher=dataclasses.replace(request, seed=0))
            request = dataclasses.replace(request, deployment=deployment)
            payload = dataclasses.replace(request, weights_folder=weights).to_json()
            evaluation = Evaluation.from_json(handle(payload))
            assert evaluation.metrics, evaluation.reason
            made[given] = deployable(Candidate(ARCHITECTURE, deployment), request, evaluation)
        return made[given]

    return train
