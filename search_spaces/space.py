"""The design space: which candidates can exist."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from search_spaces.candidate import HEAD_KINDS, Candidate, Family, HeadKind, check_deployable
from search_spaces.canonical import stable_key
from search_spaces.conditions import Condition
from search_spaces.deployment import Deployment
from search_spaces.deployment_space import deployments_at
from search_spaces.errors import SpaceError
from search_spaces.layer_genes import Gene
from search_spaces.membership import why_not
from search_spaces.space_fields import (
    LIMITS,
    FieldError,
    parse_conditions,
    parse_deployments,
    parse_enums,
    parse_flags,
    parse_numbers,
    parse_payload,
    parse_shares,
)
from search_spaces.space_file import read_space_file

__all__ = ["DesignSpace", "Gene", "builtin_spaces", "load_space"]

SPACE_VERSION = 1
SPACES_FOLDER = Path(__file__).parent / "spaces"


@dataclass(frozen=True)
class DesignSpace:
    """Which candidates can exist: choices per gene, conditions, deployments.

    Every layer chooses for itself: a hidden size, a multiset of heads, and a stack of feed-forward sizes (each size
    for itself). A choice that no condition leaves usable is simply never made.

    Attributes:
        name: short name.
        description: one or two sentences for people.
        source: where the choices come from.
        layers: possible numbers of layers.
        hidden: possible hidden sizes.
        heads: possible numbers of heads of a layer.
        head_kinds: possible operations of a head.
        stacks: possible depths of a feed-forward stack.
        feed_forward: possible feed-forward sizes.
        homogeneous_heads: all heads of a layer are of one kind.
        uniform: genes that are equal in all layers.
        conditions: what every layer must meet.
        deployments: how candidates may be made to run.
        family: encoders or decoders.
        bias: whether decoders may, and may not, have biases.
        head_sparsity: shares of its heads that a layer may lose when deployed.
        feed_forward_sparsity: shares of its feed-forward channels that a layer may lose when deployed.
        keep_fp32: whether a layer of an int8 deployment may, and may not, stay in fp32.

    Raises:
        SpaceError: a field is empty, out of range, repeated or of a wrong type, or nothing meets the conditions.
    """

    name: str
    layers: tuple[int, ...]
    hidden: tuple[int, ...]
    heads: tuple[int, ...]
    head_kinds: tuple[HeadKind, ...]
    stacks: tuple[int, ...]
    feed_forward: tuple[int, ...]
    description: str = ""
    source: str = ""
    homogeneous_heads: bool = False
    uniform: frozenset[Gene] = frozenset()
    conditions: tuple[Condition, ...] = ()
    deployments: tuple[Deployment, ...] = (Deployment(),)
    family: Family = Family.ENCODER
    bias: tuple[bool, ...] = (True,)
    head_sparsity: tuple[float, ...] = (0.0,)
    feed_forward_sparsity: tuple[float, ...] = (0.0,)
    keep_fp32: tuple[bool, ...] = (False,)
    _heads_at: dict[int, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _sizes_at: dict[int, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("name", "description", "source"):
            if not isinstance(getattr(self, name), str):
                raise FieldError((name,), f"{name} must be text, got {getattr(self, name)!r}")
        if not isinstance(self.homogeneous_heads, bool):
            raise FieldError(
                ("homogeneous_heads",), f"homogeneous_heads must be true or false, got {self.homogeneous_heads!r}"
            )
        for name in LIMITS:
            object.__setattr__(self, name, parse_numbers(name, getattr(self, name)))
        kinds = parse_enums("head_kinds", self.head_kinds, HeadKind)
        object.__setattr__(self, "head_kinds", tuple(sorted(kinds, key=HEAD_KINDS.index)))
        uniform = parse_enums("uniform", self.uniform, Gene, may_be_empty=True)
        object.__setattr__(self, "uniform", frozenset(uniform))
        object.__setattr__(self, "conditions", parse_conditions(self.conditions))
        object.__setattr__(self, "deployments", parse_deployments(self.deployments))
        self._read_deployment_genes()
        self._read_family()
        if self.uniform & {Gene.HEADS, Gene.FEED_FORWARD} and Gene.HIDDEN not in self.uniform:
            raise FieldError(
                ("uniform",), "heads or feed_forward can only be uniform where hidden is; add hidden to uniform"
            )
        self._apply_conditions()

    def _read_deployment_genes(self) -> None:
        for name in ("head_sparsity", "feed_forward_sparsity"):
            object.__setattr__(self, name, parse_shares(name, getattr(self, name)))
        for name in ("bias", "keep_fp32"):
            object.__setattr__(self, name, parse_flags(name, getattr(self, name)))
        if self.keep_fp32 != (False,) and not any(deployment.precision.is_int8 for deployment in self.deployments):
            raise FieldError(("keep_fp32",), "keep_fp32 needs a deployment of precision int8-dynamic or int8-static")

    def _read_family(self) -> None:
        (family,) = parse_enums("family", [self.family], Family)
        object.__setattr__(self, "family", family)
        if family is Family.ENCODER and self.bias != (True,):
            raise FieldError(("bias",), f"an encoder has biases: expected bias [true], got {list(self.bias)}")
        if family is Family.DECODER and self.head_kinds != (HeadKind.SCALED_DOT_PRODUCT,):
            raise FieldError(("head_kinds",), "head_kinds of a decoder must be [sa_sdp]")
        for place, deployment in enumerate(self.deployments):
            try:
                check_deployable(family, deployment)
            except SpaceError as error:
                raise FieldError(("deployments", place), str(error)) from error
        for name in ("head_sparsity", "feed_forward_sparsity"):
            if family is Family.DECODER and getattr(self, name) != (0.0,):
                raise FieldError((name,), f"a decoder runs whole: expected {name} [0], got {list(getattr(self, name))}")
        if family is Family.DECODER and Gene.HIDDEN not in self.uniform:
            raise FieldError(("uniform",), "a decoder has one hidden size in all layers; add hidden to uniform")

    def _apply_conditions(self) -> None:
        heads_at, sizes_at = {}, {}
        for hidden in self.hidden:
            heads = tuple(number for number in self.heads if number <= hidden and self._meets_heads(hidden, number))
            sizes = tuple(size for size in self.feed_forward if self._meets_size(hidden, size))
            if heads and sizes:
                heads_at[hidden], sizes_at[hidden] = heads, sizes
        if not heads_at:
            rules = "; ".join(condition.expression for condition in self.conditions) or "heads <= hidden"
            place = "conditions" if self.conditions else "heads"
            raise FieldError((place,), f"the space is empty: no hidden size in {list(self.hidden)} meets {rules}")
        object.__setattr__(self, "_heads_at", heads_at)
        object.__setattr__(self, "_sizes_at", sizes_at)

    def _meets_heads(self, hidden: int, heads: int) -> bool:
        genes = {"hidden": hidden, "heads": heads, "width": hidden // heads}
        return all(rule.holds(genes) for rule in self.conditions if "feed_forward" not in rule.names)

    def _meets_size(self, hidden: int, size: int) -> bool:
        genes = {"hidden": hidden, "feed_forward": size}
        return all(rule.holds(genes) for rule in self.conditions if "feed_forward" in rule.names)

    @property
    def allowed_hidden(self) -> tuple[int, ...]:
        """Hidden sizes that some layer can have under the conditions, rising."""
        return tuple(self._heads_at)

    def allowed_heads(self, hidden: int) -> tuple[int, ...]:
        """Returns the numbers of heads that a layer of size `hidden` may have, rising; none where it may not be."""
        return self._heads_at.get(hidden, ())

    def allowed_feed_forward(self, hidden: int) -> tuple[int, ...]:
        """Returns the feed-forward sizes that a layer of size `hidden` may have, rising."""
        return self._sizes_at.get(hidden, ())

    def head_choices(self, hidden: int) -> int:
        """Returns how many sets of heads a layer of size `hidden` can have."""
        kinds = len(self.head_kinds)
        if self.homogeneous_heads:
            return kinds * len(self.allowed_heads(hidden))
        return sum(math.comb(heads + kinds - 1, heads) for heads in self.allowed_heads(hidden))

    def stack_choices(self, hidden: int) -> int:
        """Returns how many feed-forward stacks a layer of size `hidden` can have."""
        return sum(len(self.allowed_feed_forward(hidden)) ** depth for depth in self.stacks)

    def size_at(self, depth: int) -> int:
        """Returns how many architectures of `depth` layers there are."""
        return len(self.bias) * self._layers_at(depth)

    def _layers_at(self, depth: int) -> int:
        if Gene.HIDDEN not in self.uniform:
            return int(sum(self.head_choices(h) * self.stack_choices(h) for h in self.allowed_hidden) ** depth)
        heads_power = 1 if Gene.HEADS in self.uniform else depth
        stack_power = 1 if Gene.FEED_FORWARD in self.uniform else depth
        terms = (
            pow(self.head_choices(h), heads_power) * pow(self.stack_choices(h), stack_power)
            for h in self.allowed_hidden
        )
        return sum(terms)

    @property
    def size(self) -> int:
        """How many candidates the space holds, exactly: architectures times deployments."""
        return sum(self.size_at(depth) * deployments_at(self, depth) for depth in self.layers)

    def contains(self, candidate: Candidate) -> bool:
        """Returns whether `candidate` is in the space."""
        return self.why_not(candidate) is None

    def why_not(self, candidate: Candidate) -> str | None:
        """Returns one sentence on why `candidate` is not in the space; None where it is."""
        return why_not(self, candidate)

    @property
    def key(self) -> str:
        """Key of what the space holds; its name, description and source do not matter."""
        payload = {k: v for k, v in self.to_json().items() if k not in ("name", "description", "source")}
        return stable_key("space", SPACE_VERSION, payload)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object with the fields of a space file; defaults are left out."""
        payload: dict[str, Any] = {"name": self.name}
        payload |= {name: getattr(self, name) for name in ("description", "source") if getattr(self, name)}
        payload |= {name: list(getattr(self, name)) for name in LIMITS}
        payload["head_kinds"] = [kind.value for kind in self.head_kinds]
        if self.homogeneous_heads:
            payload["homogeneous_heads"] = True
        if self.uniform:
            payload["uniform"] = sorted(gene.value for gene in self.uniform)
        if self.conditions:
            payload["conditions"] = [condition.expression for condition in self.conditions]
        if self.deployments != (Deployment(),):
            payload["deployments"] = [deployment.to_json() for deployment in self.deployments]
        if self.family is not Family.ENCODER:
            payload["family"] = self.family.value
        usual = {"bias": (True,), "head_sparsity": (0.0,), "feed_forward_sparsity": (0.0,), "keep_fp32": (False,)}
        payload |= {name: list(getattr(self, name)) for name in usual if getattr(self, name) != usual[name]}
        return payload

    @classmethod
    def from_json(cls, payload: Any) -> DesignSpace:
        """Returns the space that `to_json` wrote. Raises `SpaceError` where the payload is not one."""
        known = [item.name for item in fields(cls) if item.init]
        return cls(**parse_payload(payload, known, required=["name", "head_kinds", *LIMITS]))


def builtin_spaces() -> tuple[str, ...]:
    """Returns the names of the spaces that come with the package."""
    return tuple(sorted(path.stem for path in SPACES_FOLDER.glob("*.yaml")))


def load_space(name_or_path: str | Path) -> DesignSpace:
    """Returns a space that comes with the package, by name, or the space in a YAML file, by path.

    Raises:
        SpaceError: there is no such space, or the file is not a space; then the message begins with ``FILE:LINE:``.
    """
    path = SPACES_FOLDER / f"{name_or_path}.yaml" if str(name_or_path) in builtin_spaces() else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(builtin_spaces())
        raise SpaceError(f"no space {str(name_or_path)!r}: expected one of {known}, or the path of a YAML file")
    file = read_space_file(path)
    try:
        return DesignSpace.from_json(file.payload)
    except FieldError as error:
        raise SpaceError(f"{path}:{file.line_of(error.place)}: {error}") from error
