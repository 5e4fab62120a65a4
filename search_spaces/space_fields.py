"""Reading and checking the fields of a design space; each error knows the field it is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, TypeVar

from search_spaces.conditions import Condition
from search_spaces.deployment import Deployment, sparsity
from search_spaces.errors import SpaceError

MOST_CHOICES = 1000
LIMITS = {"layers": 64, "hidden": 65_536, "heads": 256, "stacks": 8, "feed_forward": 1_048_576}
"""The largest value of each numeric gene: beyond it a typing error is likelier than a transformer."""

Place = tuple[str | int, ...]
SomeEnum = TypeVar("SomeEnum", bound=Enum)


class FieldError(SpaceError):
    """A field of a space is wrong.

    Attributes:
        place: keys and indices that lead to the field, such as ``("hidden", 2)``.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def parse_payload(payload: Any, known: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """Returns `payload` if it is a mapping with all required and no unknown fields.

    Raises:
        FieldError: it is something else.
    """
    if not isinstance(payload, dict):
        raise FieldError((), f"expected a mapping of genes to choices, got {type(payload).__name__}")
    for name in payload:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise FieldError((name,), f"unknown gene {name!r}; {hint}")
    for name in required:
        if name not in payload:
            raise FieldError((), f"{name!r} is missing; expected its choices")
    return payload


def parse_numbers(name: str, value: Any) -> tuple[int, ...]:
    """Returns the choices of a numeric gene, rising. Raises `FieldError` where they are not such."""
    for place, item in enumerate(_items(name, value)):
        if not isinstance(item, int) or isinstance(item, bool):
            raise FieldError((name, place), f"{name} must hold whole numbers, got {item!r}")
        if not 1 <= item <= LIMITS[name]:
            raise FieldError((name, place), f"{name} must be from 1 to {LIMITS[name]}, got {item}")
        if item in value[:place]:
            raise FieldError((name, place), f"{name} holds {item} twice; remove one")
    return tuple(sorted(value))


def parse_enums(name: str, value: Any, enum: type[SomeEnum], *, may_be_empty: bool = False) -> tuple[SomeEnum, ...]:
    """Returns the choices of a named gene. Raises `FieldError` where one is unknown or repeated."""
    chosen: list[SomeEnum] = []
    known = [member.value for member in enum]
    for place, item in enumerate(_items(name, value, may_be_empty=may_be_empty)):
        try:
            member = enum(item)
        except ValueError:
            near = difflib.get_close_matches(str(item), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise FieldError((name, place), f"{name} must be among {', '.join(known)}; got {item!r}{hint}") from None
        if member in chosen:
            raise FieldError((name, place), f"{name} holds {member.value} twice; remove one")
        chosen.append(member)
    return tuple(chosen)


def parse_shares(name: str, value: Any) -> tuple[float, ...]:
    """Returns the choices of a share of what is removed, rising. Raises `FieldError` where they are not such."""
    shares: list[float] = []
    for place, item in enumerate(_items(name, value)):
        try:
            share = sparsity(name, item)
        except SpaceError as error:
            raise FieldError((name, place), str(error)) from error
        if share in shares:
            raise FieldError((name, place), f"{name} holds {item} twice; remove one")
        shares.append(share)
    return tuple(sorted(shares))


def parse_flags(name: str, value: Any) -> tuple[bool, ...]:
    """Returns choices of true and false, false first. Raises `FieldError` where they are not such."""
    for place, item in enumerate(_items(name, value)):
        if not isinstance(item, bool):
            raise FieldError((name, place), f"{name} must hold true or false, got {item!r}")
        if item in value[:place]:
            raise FieldError((name, place), f"{name} holds {str(item).lower()} twice; remove one")
    return tuple(sorted(value))


def parse_conditions(value: Any) -> tuple[Condition, ...]:
    """Returns conditions from their expressions (or as they are). Raises `FieldError` for a bad one."""
    conditions = []
    for place, item in enumerate(_items("conditions", value, may_be_empty=True)):
        try:
            conditions.append(item if isinstance(item, Condition) else Condition(item))
        except SpaceError as error:
            raise FieldError(("conditions", place), str(error)) from error
    return tuple(conditions)


def parse_deployments(value: Any) -> tuple[Deployment, ...]:
    """Returns deployments from JSON objects (or as they are). Raises `FieldError` for a bad one."""
    deployments: list[Deployment] = []
    for place, item in enumerate(_items("deployments", value)):
        try:
            deployment = item if isinstance(item, Deployment) else Deployment.from_json(item)
        except SpaceError as error:
            raise FieldError(("deployments", place), str(error)) from error
        if deployment.layers:
            raise FieldError(
                ("deployments", place),
                "deployments of a space say nothing of single layers; list head_sparsity, feed_forward_sparsity and "
                "keep_fp32 as genes of the space",
            )
        if deployment in deployments:
            raise FieldError(("deployments", place), f"deployments hold {deployment.to_json()} twice; remove one")
        deployments.append(deployment)
    return tuple(deployments)


def _items(name: str, value: Any, *, may_be_empty: bool = False) -> Iterable[Any]:
    if not isinstance(value, list | tuple | frozenset):
        raise FieldError((name,), f"{name} must be a list of choices, got {value!r:.60}")
    if not value and not may_be_empty:
        raise FieldError((name,), f"{name} must hold at least one choice, got none")
    if len(value) > MOST_CHOICES:
        raise FieldError((name,), f"{name} may hold {MOST_CHOICES} choices, got {len(value)}")
    return value
