"""Canonical JSON and the keys derived from it.

A key must stay the same for as long as the thing it names stays the same: across processes, Python versions and
releases that add fields. Hence sorted keys, no white space, no NaN, and *defaults left out* (a field added later with
a default does not change the keys of what already exists).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from typing import Any

KEY_LENGTH = 20  # hexadecimal digits: 80 bits, collisions below 1e-9 for 50 million things


def canonical_json(payload: Any) -> str:
    """Returns `payload` as JSON text that is equal for equal payloads.

    Raises:
        ValueError: the payload holds NaN or an infinity.
        TypeError: the payload holds something that JSON does not know.
    """
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def stable_key(kind: str, version: int, payload: Any) -> str:
    """Returns the key of `payload`: the head of SHA-256 over its versioned canonical JSON."""
    text = canonical_json({"kind": kind, "version": version, "payload": payload})
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:KEY_LENGTH]


def without_defaults(value: Any) -> dict[str, Any]:
    """Returns the fields of a frozen dataclass that differ from their defaults, enums as their values.

    Nested dataclasses and tuples are followed. Fields without a default are always present.
    """
    result: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.default is not dataclasses.MISSING and item == field.default:
            continue
        if field.default_factory is not dataclasses.MISSING and item == field.default_factory():
            continue
        result[field.name] = _plain(item)
    return result


def _plain(item: Any) -> Any:
    if isinstance(item, Enum):
        return item.value
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return without_defaults(item)
    if isinstance(item, (tuple, list)):
        return [_plain(part) for part in item]
    return item
