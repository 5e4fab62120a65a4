"""The training_key: equal for trainings that must give the same weights, and the same scores."""

from __future__ import annotations

from protran.fidelity import Fidelity
from protran.training.hurdle import Hurdle
from protran.training.recipe import STEADY_DEPTH, Recipe
from protran.training.scored import scored_deployment
from search_spaces.candidate import Architecture
from search_spaces.canonical import stable_key
from search_spaces.deployment import Deployment
from search_spaces.input_spec import InputSpec

TRAINING_VERSION = 1  # raised when the code, or a default of the recipe, changes what weights or scores come out


def training_key(  # noqa: PLR0913, PLR0917 - the key is a function of exactly these
    architecture: Architecture,
    input_spec: InputSpec,
    task_name: str,
    task_version: str,
    recipe: Recipe,
    fidelity: Fidelity,
    seed: int,
    parent: str | None = None,
    deployment: Deployment | None = None,
    hurdle: Hurdle | None = None,
) -> str:
    """Returns the key of a training and of what is scored after it.

    Without a deployment it is the key of the weights in fp32, from which every deployment of the architecture is made:
    int8 and fp32 share one training.

    Args:
        architecture: what is trained.
        input_spec: what the model reads and predicts.
        task_name: the task.
        task_version: changes with the task's data and split.
        recipe: how weights are fitted.
        fidelity: epochs and share of the data.
        seed: of initial weights, order and augmentation.
        parent: training_key of the training whose weights this one learns from: its teacher's; None for no teacher.
        deployment: how the trained weights are made to run when they are scored; only what changes scores counts.
        hurdle: what it must reach, to go on; it may stop the training and so change the scores.
    """
    payload = {
        "architecture": architecture.to_json(),
        "input_spec": input_spec.to_json(),
        "task": task_name,
        "task_version": task_version,
        "recipe": recipe.to_json(),
        "fidelity": fidelity.to_json(),
        "seed": seed,
    }
    if len(architecture.layers) > STEADY_DEPTH:  # they learn more slowly than the first ledgers' did
        payload["steady_depth"] = STEADY_DEPTH
    if parent is not None:
        payload["parent"] = parent
    if deployment is not None and (changes := scored_deployment(deployment).to_json()):
        payload["deployment"] = changes
    if hurdle is not None:
        payload["hurdle"] = hurdle.to_json()
    return stable_key("training", TRAINING_VERSION, payload)
