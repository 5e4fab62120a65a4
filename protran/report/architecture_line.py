"""One line that says what a candidate is, for tables and live views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protran.report.plural import how_many
from search_spaces.candidate import Architecture, Candidate, Family, HeadKind, Layer
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

    What all layers share is written once. Heads whose width is not hidden // heads are ``3×sdp of 16``; a decoder and
    the absence of biases are said, encoders and biases are not.
    """
    layers = architecture.layers
    family = "" if architecture.family is Family.ENCODER else f"{architecture.family.value}, "
    hidden = _once([str(layer.hidden) for layer in layers], "-")
    heads = _once([_heads(layer) for layer in layers], ", ")
    stacks = _once(["/".join(str(size) for size in layer.feed_forward) for layer in layers], ", ")
    bias = "" if architecture.bias else " | no bias"
    return f"{family}{how_many(len(layers), 'layer')} {hidden} | heads {heads} | ff {stacks}{bias}"


def candidate_line(candidate: Candidate) -> str:
    """Returns the architecture's line, followed by what of the deployment is not the default.

    For example ``… | int8-dynamic onnxruntime 2 threads | heads -25% | ff -50%, 0%, -50% | layer 1 in fp32``: which
    share of heads and of feed-forward channels is removed, of all layers or one by one.
    """
    return " | ".join([architecture_line(candidate.architecture), *_deployment(candidate.deployment)])


def _deployment(deployment: Deployment) -> Iterator[str]:
    usual = Deployment()
    parts = [
        getattr(deployment, name).value
        for name in ("precision", "runtime")
        if getattr(deployment, name) != getattr(usual, name)
    ]
    if deployment.threads != usual.threads:
        parts.append(how_many(deployment.threads, "thread"))
    if parts:
        yield " ".join(parts)
    for label, gene in (("heads", "head_sparsity"), ("ff", "feed_forward_sparsity")):
        shares = [getattr(layer, gene) for layer in deployment.layers]
        if any(shares):
            yield f"{label} {_once([_loss(share) for share in shares], ', ')}"
    kept = [str(number) for number, layer in enumerate(deployment.layers, start=1) if layer.keep_fp32]
    if kept:
        yield f"layer{'' if len(kept) == 1 else 's'} {', '.join(kept)} in fp32"


def _loss(share: float) -> str:
    return f"-{100 * share:.3g}%" if share else "0%"


def _heads(layer: Layer) -> str:
    heads = "+".join(f"{count}×{_SHORT[kind]}" for kind, count in layer.head_counts().items() if count)
    return heads if layer.width is None else f"{heads} of {layer.width}"


def _once(parts: Sequence[str], separator: str) -> str:
    return parts[0] if len(set(parts)) == 1 else separator.join(parts)
