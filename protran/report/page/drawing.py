"""A candidate as the page knows it: what is needed to name and to draw it."""

from __future__ import annotations

from typing import Any

from protran.report.architecture_line import candidate_line
from search_spaces.candidate import Architecture, Candidate, Family, Layer
from search_spaces.pruning import deployed_architecture


def candidate_document(
    candidate: Candidate, key: str, *, origin: str, scored_as: str, failure: str | None
) -> dict[str, Any]:
    """Returns a candidate as JSON.

    Args:
        candidate: its genes.
        key: its own, which is a hash of them and takes a moment.
        origin: how the campaign came by it: seed, learn, search or verified.
        scored_as: key of the candidate whose score is its own too.
        failure: why it cannot be used; None where nothing speaks against it.
    """
    deployment, left = candidate.deployment, deployed_architecture(candidate)
    document = {
        "key": key,
        "line": candidate_line(candidate),
        "origin": origin,
        "layers": _layers(candidate.architecture),
        "family": candidate.architecture.family.value,
        "bias": candidate.architecture.bias,
        "deployment": {
            "precision": deployment.precision.value,
            "runtime": deployment.runtime.value,
            "threads": deployment.threads,
        },
        "genes": candidate.to_json(),
    }
    if candidate.architecture.family is Family.ENCODER:
        del document["bias"]  # an encoder always has them
    if left != candidate.architecture:
        document["left"] = _layers(left)
    if deployment.fp32_layers:
        document["fp32_layers"] = deployment.fp32_layers
    if scored_as != key:
        document["scored_as"] = scored_as
    if failure is not None:
        document["failure"] = failure
    return document


def _layers(architecture: Architecture) -> list[dict[str, Any]]:
    return [_layer(layer) for layer in architecture.layers]


def _layer(layer: Layer) -> dict[str, Any]:
    """Returns ``{"hidden", "heads": [[kind, count]], "width", "feed_forward"}``."""
    heads = [[kind.value, count] for kind, count in layer.head_counts().items() if count]
    return {
        "hidden": layer.hidden,
        "heads": heads,
        "width": layer.head_width,
        "feed_forward": list(layer.feed_forward),
    }
