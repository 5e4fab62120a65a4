"""Which deployments a design space allows: those it lists, and what becomes of each layer under them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.candidate import Candidate
from search_spaces.deployment import Deployment, LayerDeployment
from search_spaces.layer_genes import LAYER_CHANGES, Gene

if TYPE_CHECKING:
    from search_spaces.space import DesignSpace


def layer_changes(candidate: Candidate) -> tuple[LayerDeployment, ...]:
    """Returns what becomes of each layer of `candidate`, also where nothing does."""
    return candidate.deployment.layers or (LayerDeployment(),) * len(candidate.architecture.layers)


def with_changes(deployment: Deployment, changes: tuple[LayerDeployment, ...]) -> Deployment:
    """Returns `deployment` with `changes` of its layers in place of its own."""
    return Deployment(deployment.precision, deployment.runtime, deployment.threads, changes)


def changing(space: DesignSpace, deployment: Deployment) -> tuple[Gene, ...]:
    """Returns the genes that a layer has under `deployment`: it can stay in fp32 only where the model becomes int8."""
    return tuple(gene for gene in LAYER_CHANGES if gene is not Gene.KEEP_FP32 or deployment.precision.is_int8)


def deployments_at(space: DesignSpace, depth: int) -> int:
    """Returns how many deployments an architecture of `depth` layers can have."""
    return sum(_changes_at(space, deployment, depth) for deployment in space.deployments)


def _changes_at(space: DesignSpace, deployment: Deployment, depth: int) -> int:
    number = 1
    for gene in changing(space, deployment):
        number *= len(choices_of(space, gene)) ** (1 if gene in space.uniform else depth)
    return number


def choices_of(space: DesignSpace, gene: Gene) -> tuple[Any, ...]:
    """Returns the choices of a gene of `LAYER_CHANGES`, rising."""
    choices: tuple[Any, ...] = getattr(space, gene.value)
    return choices


def nth_deployment(space: DesignSpace, depth: int, index: int) -> Deployment:
    """Returns deployment number `index`, from 0 to `deployments_at` - 1, of an architecture of `depth` layers."""
    for deployment in space.deployments:
        if index < _changes_at(space, deployment, depth):
            break
        index -= _changes_at(space, deployment, depth)
    values: dict[str, list[Any]] = {}
    for gene in changing(space, deployment):
        choices, chosen = choices_of(space, gene), []
        for _ in range(1 if gene in space.uniform else depth):
            index, place = divmod(index, len(choices))
            chosen.append(choices[place])
        values[gene.value] = chosen
    changes = (
        LayerDeployment(**{name: chosen[layer % len(chosen)] for name, chosen in values.items()})
        for layer in range(depth)
    )
    return with_changes(deployment, tuple(changes))


def why_not_deployment(space: DesignSpace, candidate: Candidate) -> str | None:
    """Returns one sentence on why the deployment of `candidate` is not in the space; None where it is."""
    deployment = candidate.deployment
    if deployment.whole not in space.deployments:
        known = [known.to_json() for known in space.deployments]
        return f"the deployment must be one of {known}, got {deployment.whole.to_json()}"
    for gene in changing(space, deployment):
        values = [getattr(change, gene.value) for change in layer_changes(candidate)]
        for number, value in enumerate(values, start=1):
            if value not in choices_of(space, gene):
                return f"layer {number}: {gene.value} must be one of {list(choices_of(space, gene))}, got {value}"
        if gene in space.uniform and len(set(values)) > 1:
            return f"{gene.value} must be equal in all layers"
    return None
