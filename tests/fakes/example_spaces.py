"""Spaces of every shape, for tests that must hold in all of them."""

import dataclasses

from search_spaces.candidate import HeadKind
from search_spaces.deployment import Deployment, Precision, Runtime
from search_spaces.layer_genes import LAYER_CHANGES, Gene
from search_spaces.space import load_space

EDGE = load_space("edge-small")
INT8 = Deployment(Precision.INT8_DYNAMIC, Runtime.ONNXRUNTIME)
COMPRESSED = dataclasses.replace(
    EDGE,
    deployments=(Deployment(), INT8, Deployment(threads=2)),
    head_sparsity=(0.0, 0.25, 0.5),
    feed_forward_sparsity=(0.0, 0.3),
    keep_fp32=(False, True),
)
EIGHT = dataclasses.replace(
    EDGE,
    layers=(1, 2),
    hidden=(16, 32),
    heads=(1, 2),
    head_kinds=(HeadKind.FOURIER,),
    stacks=(1,),
    feed_forward=(16,),
    uniform=frozenset(Gene),
)
"""A space of eight candidates."""
SPACES = {
    "edge-small": EDGE,
    "flexibert-v2": load_space("flexibert-v2"),
    "homogeneous": dataclasses.replace(EDGE, homogeneous_heads=True),
    "uniform": dataclasses.replace(EDGE, uniform=frozenset(Gene)),
    "deployments": dataclasses.replace(EDGE, deployments=(Deployment(), Deployment(threads=4), Deployment(threads=2))),
    "gaps": dataclasses.replace(
        EDGE,
        head_kinds=(HeadKind.CONVOLUTION_9, HeadKind.COSINE, HeadKind.FOURIER),
        layers=(2, 7),
        stacks=(2, 4),
    ),
    "one choice": dataclasses.replace(EDGE, layers=(2,), hidden=(16,), stacks=(1,)),
    "compressed": COMPRESSED,
    "compressed alike": dataclasses.replace(
        COMPRESSED, uniform=frozenset(LAYER_CHANGES), head_sparsity=(0.25, 0.5), keep_fp32=(True,)
    ),
    "decoders": load_space("gpt-small"),
}
ENCODERS = {name: space for name, space in SPACES.items() if name != "decoders"}
