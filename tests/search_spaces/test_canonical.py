"""Canonical JSON and keys."""

from dataclasses import dataclass, field
from enum import Enum

import pytest

from search_spaces.canonical import KEY_LENGTH, canonical_json, stable_key, without_defaults


class Colour(str, Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    number: int = 1


@dataclass(frozen=True)
class Outer:
    name: str
    colour: Colour = Colour.RED
    inner: Inner = field(default_factory=Inner)
    many: tuple[Inner, ...] = ()


def test_equal_payloads_give_equal_text():
    assert (
        canonical_json({"b": 1, "a": [1.5, "ä"]})
        == canonical_json({"a": [1.5, "ä"], "b": 1})
        == ('{"a":[1.5,"\\u00e4"],"b":1}')
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": value})


def test_keys_depend_on_kind_version_and_payload():
    keys = {stable_key(*arguments) for arguments in [("a", 1, 2), ("b", 1, 2), ("a", 2, 2), ("a", 1, 3)]}
    assert len(keys) == 4
    assert all(len(key) == KEY_LENGTH for key in keys)


def test_only_what_differs_from_its_default_is_written():
    assert without_defaults(Outer("x")) == {"name": "x"}
    assert without_defaults(Outer("x", inner=Inner(2), many=(Inner(), Inner(3)))) == {
        "name": "x",
        "inner": {"number": 2},
        "many": [{}, {"number": 3}],
    }
