"""Turns what pydantic says about a wrong field into one sentence of ours."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]


def first_error(error: ValidationError, model: type[BaseModel]) -> tuple[Place, str]:
    """Returns where the first wrong field lies, and the sentence ``FIELD: expected …, got …`` about it.

    Args:
        error: what pydantic raised.
        model: what it validated, to name the fields that are known.
    """
    details = error.errors(include_url=False)
    first = details[0]
    place = tuple(part for part in first["loc"] if not _names_a_union_member(part))
    sentence = _sentence(first, place, model)
    if place and first["type"] != "value_error":  # our own sentences name what they are about
        sentence = f"{'.'.join(str(part) for part in place)}: {sentence}"
    others = len({item["loc"][:1] for item in details}) - 1
    return place, sentence + (f" (and {others} more wrong field{'s' if others > 1 else ''})" if others else "")


def _sentence(detail: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return "this field is missing"
    if kind == "extra_forbidden":
        return f"unknown field; known are {', '.join(_fields_at(place[:-1], model))}"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    message = detail["msg"]
    expected = re.sub(r"^(Input|Value|String|List|Dictionary) should (be|have) ", "", message)
    if expected == message:
        return f"{message[:1].lower()}{message[1:]}, got {_short(given)}"
    expected = re.split(r",(?= unable|(?<=\w,) got)", expected)[0]
    article = "a number " if expected.startswith(("greater", "less")) else ""
    return f"expected {article}{expected}, got {_short(given)}"


def _fields_at(place: Place, model: type[BaseModel]) -> list[str]:
    """The fields that may stand at `place` of `model`."""
    current: type[BaseModel] = model
    for part in place:
        field = current.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            break
        current = inner
    return list(current.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _names_a_union_member(part: str | int) -> bool:
    """Pydantic puts the tried type of a union into the place: ``str``, ``list[str]``, ``literal['auto']`` ."""
    return isinstance(part, str) and re.fullmatch(r"(str|int|float|constrained-\w+)|.*[\[\]].*", part) is not None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
