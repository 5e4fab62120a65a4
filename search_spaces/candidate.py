"""The candidate: the genes of one transformer and the way it is made to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from search_spaces.canonical import stable_key, without_defaults
from search_spaces.deployment import Deployment, Runtime
from search_spaces.errors import SpaceError
from search_spaces.payloads import choice, expect_keys, is_count

ARCHITECTURE_VERSION = 1
CANDIDATE_VERSION = 1


class HeadKind(str, Enum):
    """The operation of one attention head.

    Source: FlexiBERT 2.0 in Tuli and Jha, "EdgeTran: Co-designing Transformers for Efficient Inference on Mobile Edge
    Platforms" (arXiv:2303.13745), table 1; names as in the published measurement tables.
    """

    SCALED_DOT_PRODUCT = "sa_sdp"
    WEIGHTED_MULTIPLICATIVE = "sa_wma"
    FOURIER = "l_dft"
    COSINE = "l_dct"
    CONVOLUTION_5 = "c_5"
    CONVOLUTION_9 = "c_9"
    CONVOLUTION_13 = "c_13"

    @property
    def kernel(self) -> int | None:
        """The kernel size of a dynamic convolution head; None for the others."""
        return int(self.value[2:]) if self.value.startswith("c_") else None


HEAD_KINDS: tuple[HeadKind, ...] = tuple(HeadKind)
_HEAD_ORDER = {kind: index for index, kind in enumerate(HEAD_KINDS)}


class Family(str, Enum):
    """The plan of the whole model.

    An encoder is BERT's: post-norm layers that see the whole input, then a classifier. A decoder is GPT-2's: pre-norm
    layers with causal attention that predict the next token at every position.
    """

    ENCODER = "encoder"
    DECODER = "decoder"


@dataclass(frozen=True)
class Layer:
    """One layer: hidden size, a multiset of heads (kept in the order of `HEAD_KINDS`), a feed-forward stack.

    Attributes:
        hidden: hidden size.
        heads: the operation of each head.
        feed_forward: sizes of the feed-forward stack.
        width: width of every head where it is not hidden // number of heads, as after pruning; else None.
    """

    hidden: int
    heads: tuple[HeadKind, ...]
    feed_forward: tuple[int, ...]
    width: int | None = None

    def __post_init__(self) -> None:
        if not is_count(self.hidden):
            raise SpaceError(f"hidden must be a whole number of at least 1, got {self.hidden!r}")
        if not self.heads:
            raise SpaceError("a layer needs at least one attention head, got none")
        object.__setattr__(self, "heads", tuple(sorted((_head(h) for h in self.heads), key=_HEAD_ORDER.__getitem__)))
        if len(self.heads) > self.hidden:
            raise SpaceError(f"heads ({len(self.heads)}) must not outnumber the hidden size ({self.hidden})")
        if self.width is not None and not is_count(self.width):
            raise SpaceError(f"width must be a whole number of at least 1, got {self.width!r}")
        if self.width == self.hidden // len(self.heads):
            object.__setattr__(self, "width", None)  # equal layers shall be equal
        if not self.feed_forward or not all(is_count(size) for size in self.feed_forward):
            raise SpaceError(
                f"feed_forward must be a list of one or more whole numbers of at least 1, got {list(self.feed_forward)}"
            )
        object.__setattr__(self, "feed_forward", tuple(self.feed_forward))

    @property
    def head_width(self) -> int:
        """Width of every head of this layer: hidden // number of heads unless `width` says otherwise."""
        return self.hidden // len(self.heads) if self.width is None else self.width

    def head_counts(self) -> dict[HeadKind, int]:
        """How many heads of each kind; every kind is present, in the order of `HEAD_KINDS`."""
        return {kind: self.heads.count(kind) for kind in HEAD_KINDS}


@dataclass(frozen=True)
class Architecture:
    """The genes of one transformer, layer by layer.

    Attributes:
        layers: at least one.
        family: encoder or decoder; a decoder has one hidden size throughout, and heads of scaled dot products alone.
        bias: linear layers and norms have biases; an encoder always does.
    """

    layers: tuple[Layer, ...]
    family: Family = Family.ENCODER
    bias: bool = True

    def __post_init__(self) -> None:
        if not self.layers:
            raise SpaceError("an architecture needs at least one layer, got none")
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "family", choice(Family, self.family, "family"))
        if not isinstance(self.bias, bool):
            raise SpaceError(f"bias must be true or false, got {self.bias!r}")
        if self.family is Family.DECODER:
            self._check_decoder()
        elif not self.bias:
            raise SpaceError("an encoder has biases: expected bias true, got false (a decoder may leave them out)")

    def _check_decoder(self) -> None:
        other = [kind.value for layer in self.layers for kind in layer.heads if kind is not HEAD_KINDS[0]]
        if other:
            raise SpaceError(f"heads of a decoder must be {HEAD_KINDS[0].value}, got {other[0]}")
        if len({layer.hidden for layer in self.layers}) > 1:
            raise SpaceError(
                f"layers of a decoder must have one hidden size, got {sorted({layer.hidden for layer in self.layers})}"
            )

    @property
    def key(self) -> str:
        """The architecture_key: equal for equal genes."""
        return stable_key("architecture", ARCHITECTURE_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"layers": [{"hidden", "heads": [kind], "feed_forward": [size]}]}`` and what is not the default."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Architecture:
        """Returns the architecture that `to_json` wrote.

        Raises:
            SpaceError: a field is unknown, missing or out of range; the message names its place.
        """
        expect_keys(payload, "architecture", required={"layers"}, optional={"family", "bias"})
        if not isinstance(payload["layers"], list):
            raise SpaceError(f"architecture: layers must be a list, got {type(payload['layers']).__name__}")
        layers = []
        for number, item in enumerate(payload["layers"], start=1):
            place = f"layer {number}"
            expect_keys(item, place, required={"hidden", "heads", "feed_forward"}, optional={"width"})
            for name in ("heads", "feed_forward"):
                if not isinstance(item[name], list):
                    raise SpaceError(f"{place}: {name} must be a list, got {type(item[name]).__name__}")
            try:
                genes = item["hidden"], tuple(item["heads"]), tuple(item["feed_forward"]), item.get("width")
                layers.append(Layer(*genes))
            except SpaceError as error:
                raise SpaceError(f"{place}: {error}") from error
        return cls(tuple(layers), **{name: payload[name] for name in ("family", "bias") if name in payload})


@dataclass(frozen=True)
class Candidate:
    """An architecture and its deployment; frozen, with a JSON round trip."""

    architecture: Architecture
    deployment: Deployment = field(default_factory=Deployment)

    def __post_init__(self) -> None:
        layers, changes = len(self.architecture.layers), len(self.deployment.layers)
        if changes and changes != layers:
            raise SpaceError(f"a deployment of {layers} layers must say what becomes of each of them, got {changes}")
        check_deployable(self.architecture.family, self.deployment)

    @cached_property
    def key(self) -> str:
        """The candidate_key: equal for equal architecture and deployment."""
        return stable_key("candidate", CANDIDATE_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: ``{"architecture": …}`` and, where it is not the default, ``"deployment"``."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Candidate:
        """Returns the candidate that `to_json` wrote. Raises `SpaceError` where the payload is not one."""
        expect_keys(payload, "candidate", required={"architecture"}, optional={"deployment"})
        return cls(Architecture.from_json(payload["architecture"]), Deployment.from_json(payload.get("deployment", {})))


def check_deployable(family: Family, deployment: Deployment) -> None:
    """Raises `SpaceError` where models of `family` cannot be deployed so: decoders run whole, in torch."""
    if family is Family.DECODER and (deployment.layers or deployment.runtime is not Runtime.TORCH):
        got = "removed heads or channels" if deployment.layers else f"the runtime {deployment.runtime.value}"
        raise SpaceError(f"a decoder runs whole and in torch, got {got}; choose a deployment without")


def _head(value: Any) -> HeadKind:
    kind: HeadKind = choice(HeadKind, value, "head")
    return kind
