"""The candidate: the genes of one transformer and the way it is made to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from search_spaces.canonical import stable_key, without_defaults
from search_spaces.errors import SpaceError

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


@dataclass(frozen=True)
class Layer:
    """One encoder layer: hidden size, a multiset of heads (kept in the order of `HEAD_KINDS`), a feed-forward stack."""

    hidden: int
    heads: tuple[HeadKind, ...]
    feed_forward: tuple[int, ...]

    def __post_init__(self) -> None:
        if not _is_count(self.hidden):
            raise SpaceError(f"hidden must be a whole number of at least 1, got {self.hidden!r}")
        if not self.heads:
            raise SpaceError("a layer needs at least one attention head, got none")
        object.__setattr__(self, "heads", tuple(sorted((_head(h) for h in self.heads), key=_HEAD_ORDER.__getitem__)))
        if len(self.heads) > self.hidden:
            raise SpaceError(f"heads ({len(self.heads)}) must not outnumber the hidden size ({self.hidden})")
        if not self.feed_forward or not all(_is_count(size) for size in self.feed_forward):
            raise SpaceError(
                f"feed_forward must be a list of one or more whole numbers of at least 1, got {list(self.feed_forward)}"
            )
        object.__setattr__(self, "feed_forward", tuple(self.feed_forward))

    @property
    def head_width(self) -> int:
        """Width of every head of this layer: hidden // number of heads."""
        return self.hidden // len(self.heads)

    def head_counts(self) -> dict[HeadKind, int]:
        """How many heads of each kind; every kind is present, in the order of `HEAD_KINDS`."""
        return {kind: self.heads.count(kind) for kind in HEAD_KINDS}


@dataclass(frozen=True)
class Architecture:
    """The genes of one transformer, layer by layer."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise SpaceError("an architecture needs at least one layer, got none")
        object.__setattr__(self, "layers", tuple(self.layers))

    @property
    def key(self) -> str:
        """The architecture_key: equal for equal genes."""
        return stable_key("architecture", ARCHITECTURE_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: ``{"layers": [{"hidden", "heads": [kind], "feed_forward": [size]}]}``."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Architecture:
        """Returns the architecture that `to_json` wrote.

        Raises:
            SpaceError: a field is unknown, missing or out of range; the message names its place.
        """
        _expect_keys(payload, "architecture", required={"layers"})
        if not isinstance(payload["layers"], list):
            raise SpaceError(f"architecture: layers must be a list, got {type(payload['layers']).__name__}")
        layers = []
        for number, item in enumerate(payload["layers"], start=1):
            place = f"layer {number}"
            _expect_keys(item, place, required={"hidden", "heads", "feed_forward"})
            for name in ("heads", "feed_forward"):
                if not isinstance(item[name], list):
                    raise SpaceError(f"{place}: {name} must be a list, got {type(item[name]).__name__}")
            try:
                layers.append(Layer(item["hidden"], tuple(item["heads"]), tuple(item["feed_forward"])))
            except SpaceError as error:
                raise SpaceError(f"{place}: {error}") from error
        return cls(tuple(layers))


class Precision(str, Enum):
    """Number format in which weights and activations are computed."""

    FP32 = "fp32"


class Runtime(str, Enum):
    """The library that executes the model."""

    TORCH = "torch"


@dataclass(frozen=True)
class Deployment:
    """How a trained architecture is made to run."""

    precision: Precision = Precision.FP32
    runtime: Runtime = Runtime.TORCH
    threads: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", _choice(Precision, self.precision, "precision"))
        object.__setattr__(self, "runtime", _choice(Runtime, self.runtime, "runtime"))
        if not _is_count(self.threads):
            raise SpaceError(f"threads must be a whole number of at least 1, got {self.threads!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Deployment:
        """Returns the deployment that `to_json` wrote. Raises `SpaceError` on an unknown field or value."""
        _expect_keys(payload, "deployment", optional={"precision", "runtime", "threads"})
        return cls(**payload)


@dataclass(frozen=True)
class Candidate:
    """An architecture and its deployment; frozen, with a JSON round trip."""

    architecture: Architecture
    deployment: Deployment = field(default_factory=Deployment)

    @property
    def key(self) -> str:
        """The candidate_key: equal for equal architecture and deployment."""
        return stable_key("candidate", CANDIDATE_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: ``{"architecture": …}`` and, where it is not the default, ``"deployment"``."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> Candidate:
        """Returns the candidate that `to_json` wrote. Raises `SpaceError` where the payload is not one."""
        _expect_keys(payload, "candidate", required={"architecture"}, optional={"deployment"})
        return cls(Architecture.from_json(payload["architecture"]), Deployment.from_json(payload.get("deployment", {})))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _head(value: Any) -> HeadKind:
    kind: HeadKind = _choice(HeadKind, value, "head")
    return kind


def _choice(enum: Any, value: Any, name: str) -> Any:
    try:
        return enum(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in enum)
        raise SpaceError(f"{name} must be one of {known}; got {value!r}") from None


def _expect_keys(payload: Any, place: str, required: set[str] | None = None, optional: set[str] | None = None) -> None:
    required, optional = required or set(), optional or set()
    if not isinstance(payload, dict):
        raise SpaceError(f"{place}: expected a JSON object, got {type(payload).__name__}")
    unknown = sorted(str(key) for key in payload if key not in required | optional)
    if unknown:
        known = ", ".join(sorted(required | optional))
        raise SpaceError(f"{place}: unknown gene {unknown[0]!r}; known are {known}")
    missing = sorted(required - set(payload))
    if missing:
        raise SpaceError(f"{place}: {missing[0]!r} is missing")
