"""One line that says what an architecture is, for tables and live views."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.deployment import Deployment

_SHORT = {
    HeadKind.SCALED_DOT_PRODUCT: "sdp",
    HeadKind.WEIGHTED_MULTIPLICATIVE: "wma",
    HeadKind.FOURIER: "dft",
    HeadKind.COSINE: "dct",
    HeadKind.CONVOLUTION_5: "c5",
    HeadKind.CONVOLUTION_9: "c9",
    HeadKind.CONVOLUTION_13: "c13",
}


def architecture_line(architecture: Architecture) -> str:
    """Returns for example ``3 layers 32-48-48 | heads 2×sdp+1×c5, 4×dft, 4×dft | ff 64, 96/96, 96``.

    What all layers share is written once.
    """
    layers = architecture.layers
    count = "1 layer" if len(layers) == 1 else f"{len(layers)} layers"
    hidden = _once([str(layer.hidden) for layer in layers], "-")
    heads = _once([_heads(layer) for layer in layers], ", ")
    stacks = _once(["/".join(str(size) for size in layer.feed_forward) for layer in layers], ", ")
    return f"{count} {hidden} | heads {heads} | ff {stacks}"


def candidate_line(candidate: Candidate) -> str:
    """Returns the architecture's line, followed by what of the deployment is not the default."""
    line = architecture_line(candidate.architecture)
    deployment, usual = candidate.deployment, Deployment()
    parts = [
        getattr(deployment, name).value
        for name in ("precision", "runtime")
        if getattr(deployment, name) != getattr(usual, name)
    ]
    if deployment.threads != usual.threads:
        parts.append(f"{deployment.threads} threads")
    return f"{line} | {' '.join(parts)}" if parts else line


def _heads(layer: Layer) -> str:
    return "+".join(f"{count}×{_SHORT[kind]}" for kind, count in layer.head_counts().items() if count)


def _once(parts: Sequence[str], separator: str) -> str:
    return parts[0] if len(set(parts)) == 1 else separator.join(parts)
