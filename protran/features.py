"""The versioned map from candidates, or from relaxed genes, to the features that surrogates see.

Physics first: what a candidate costs, counted per kind of operation, on a logarithmic scale; then a few numbers that
say how it is built. Few strong features beat many weak ones when rows are few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from search_spaces.candidate import HEAD_KINDS, Candidate
from search_spaces.canonical import stable_key
from search_spaces.cost import Cost, count
from search_spaces.encoding import Encoding
from search_spaces.genes import Genes, genes_of
from search_spaces.input_spec import InputSpec
from search_spaces.relaxed import RelaxedSpace
from search_spaces.space import DesignSpace

FEATURES_VERSION = 2

PHYSICS = (
    "macs",
    "macs_attention_projection",
    "macs_attention_mixing",
    "macs_fourier",
    "macs_convolution",
    "macs_feed_forward",
    "parameters",
    "bytes_moved",
    "activation_bytes",
    "launches",
    "depth",
    "heads",
)
"""Fields of `Cost`, each seen as log(1 + x)."""

SIZES = ("macs", "bytes_moved", "parameters", "launches", "depth", "heads")
"""Fields of `Cost` that say how large a candidate is. They are seen as sqrt(1 + x) too: time and energy are a constant
plus a multiple of the work, which on a log scale is no straight line in log(1 + x)."""

SHARES = tuple(f"share_{kind.value}" for kind in HEAD_KINDS)
STRUCTURE = ("mean_log_hidden", "min_log_width", "mean_stack_depth", *SHARES, "log_threads", "bias")
NAMES = tuple(f"log_{field}" for field in PHYSICS) + tuple(f"root_{field}" for field in SIZES) + STRUCTURE

FAINT_HARDWARE_FEATURES = ("log_macs_attention_mixing", "log_macs_fourier", "log_macs_convolution")
"""What latency and energy are believed to depend on little, given the sizes: the mix of operations."""

HARDWARE_FEATURES = (
    *(f"log_{field}" for field in SIZES),
    *(f"root_{field}" for field in SIZES),
    "bias",
    "log_threads",
    *FAINT_HARDWARE_FEATURES,
)
"""What latency and energy are believed to depend on. Chosen on the published ProTran device tables, where sizes alone
predict best from 8 to 32 rows and the mix adds from 60 on; biases cost a decoder a percent that no size shows."""

FAINT_HARDWARE_COLUMNS = tuple(HARDWARE_FEATURES.index(name) for name in FAINT_HARDWARE_FEATURES)
"""Places of the faint ones among the hardware features, with or without those of a deployment after them."""

SCORE_FEATURES = (
    "log_parameters",
    "log_macs",
    "log_depth",
    "mean_log_hidden",
    "min_log_width",
    "mean_stack_depth",
    "share_attention",
    "share_convolution",
)
"""What the task score is believed to depend on: size first, then shape and the mix of operations."""

DEPLOYMENT_FEATURES = ("onnxruntime", "half", "int8_share", "int8_static")
"""How the model runs; there only where the space leaves a choice of it. The share is that of the layers in int8."""

_ATTENTION = tuple(k for k, kind in enumerate(HEAD_KINDS) if kind.value.startswith("sa_"))
_CONVOLUTION = tuple(k for k, kind in enumerate(HEAD_KINDS) if kind.kernel is not None)
_ALL_NAMES = (*NAMES, "share_attention", "share_convolution")


class FeatureMap:
    """Maps candidates and relaxed genes of one space and input spec to one row of `names` each (float64).

    `of_candidates` and `of_relaxed` give equal values at valid points; `of_relaxed` is differentiable.

    Attributes:
        names: all features.
        hardware_names: those that latency and energy are believed to depend on.
        score_names: those that the task score is believed to depend on.
    """

    def __init__(self, space: DesignSpace, input_spec: InputSpec) -> None:
        ways = {(deployment.precision, deployment.runtime) for deployment in space.deployments}
        varied = len(ways) > 1 or len(space.keep_fp32) > 1
        deployment = DEPLOYMENT_FEATURES if varied else ()
        self.names: tuple[str, ...] = (*_ALL_NAMES, *deployment)
        self.hardware_names = (*HARDWARE_FEATURES, *deployment)
        self.score_names = (*SCORE_FEATURES, *(name for name in deployment if name != "onnxruntime"))
        self.space = space
        self.input_spec = input_spec
        self.encoding = Encoding(space)
        self._relaxed = RelaxedSpace(space)

    @property
    def key(self) -> str:
        """Key of the features' names, version and input spec: surrogates with equal keys see equal features."""
        return stable_key(
            "features", FEATURES_VERSION, {"names": list(self.names), "input_spec": self.input_spec.to_json()}
        )

    @property
    def dimension(self) -> int:
        """Number of features."""
        return len(self.names)

    def columns(self, names: Iterable[str]) -> list[int]:
        """Returns the places of the named features.

        Raises:
            ValueError: a name is unknown.
        """
        wanted = list(names)
        unknown = [name for name in wanted if name not in self.names]
        if unknown:
            raise ValueError(f"unknown feature {unknown[0]!r}; known are {', '.join(self.names)}")
        return [self.names.index(name) for name in wanted]

    def of_candidates(self, candidates: Sequence[Candidate]) -> Tensor:
        """Returns the features of candidates, `n x f`."""
        return self.with_cost_of_candidates(candidates)[0]

    def of_relaxed(self, z: Tensor) -> Tensor:
        """Returns the features at `z: n x d` in the unit cube, `n x f`, with gradients."""
        return self.with_cost_of_relaxed(z)[0]

    def with_cost_of_candidates(self, candidates: Sequence[Candidate]) -> tuple[Tensor, Cost]:
        """Returns the features of candidates, `n x f`, and the cost (numpy arrays) that they were derived from.

        Raises:
            ValueError: there is no candidate.
        """
        if not candidates:
            raise ValueError("expected one or more candidates, got none")
        genes = genes_of(candidates)
        cost = count(genes, self.input_spec)
        return self._features(genes, cost, torch.as_tensor), cost

    def projected(self, z: Tensor) -> Tensor:
        """Returns the nearest candidates' points, `n x d`, through which gradients pass as if nothing had moved."""
        return self._relaxed.projected(z)

    def with_cost_of_relaxed(self, z: Tensor) -> tuple[Tensor, Cost]:
        """Returns the features at `z: n x d`, `n x f`, and the cost (tensors) that they were derived from."""
        genes = self._relaxed.genes(z)
        cost = count(genes, self.input_spec)
        return self._features(genes, cost, lambda values: values), cost

    def _features(self, genes: Genes, cost: Cost, tensor: Callable[[Any], Tensor]) -> Tensor:
        features = _features(genes, cost, tensor)
        if len(self.names) == features.shape[-1]:
            return features
        depth = tensor(genes.layer_gate).double().sum(-1)
        int8_share = (tensor(genes.layer_gate) * tensor(genes.int8_layers)).double().sum(-1) / depth
        whole = [tensor(getattr(genes, name)).double() for name in ("onnxruntime", "half", "int8_static")]
        return torch.cat((features, torch.stack((*whole[:2], int8_share, whole[2]), dim=-1)), dim=-1)


def _features(genes: Genes, cost: Cost, tensor: Callable[[Any], Tensor]) -> Tensor:
    """Returns all features, `n x f`; `tensor` turns one array of genes or costs into a tensor."""
    columns = [torch.log1p(tensor(getattr(cost, field)).double()) for field in PHYSICS]
    columns += [(1.0 + tensor(getattr(cost, field)).double()).sqrt() for field in SIZES]
    gate = tensor(genes.layer_gate).double()  # (n, L), 1 where the layer is there
    depth = gate.sum(-1)
    log_hidden = tensor(genes.hidden).double().clamp_min(1.0).log()
    log_width = tensor(genes.width).double().clamp_min(1.0).log()
    columns.append((gate * log_hidden).sum(-1) / depth)
    # an absent layer must not be the narrowest: it is lifted out of the way as its gate closes
    columns.append((log_width + (1.0 - gate) * _OUT_OF_THE_WAY).amin(-1))
    columns.append((gate * tensor(genes.stack_gate).double().sum(-1)).sum(-1) / depth)
    counts = (gate.unsqueeze(-1) * tensor(genes.head_counts).double()).sum(-2)  # (n, 7)
    shares = counts / counts.sum(-1, keepdim=True)
    columns.extend(shares.unbind(-1))
    columns.append(tensor(genes.threads).double().log())
    columns.append(tensor(genes.bias).double())
    columns.append(shares[:, _ATTENTION].sum(-1))
    columns.append(shares[:, _CONVOLUTION].sum(-1))
    return torch.stack(columns, dim=-1)


_OUT_OF_THE_WAY = 20.0  # log of a width beyond every space
