"""The input spec: what a model reads and what it predicts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from search_spaces.candidate import Family
from search_spaces.canonical import stable_key, without_defaults
from search_spaces.errors import SpaceError
from search_spaces.payloads import choice, expect_keys, is_count

INPUT_SPEC_VERSION = 1


class InputKind(str, Enum):
    """What one example is and what is predicted of it.

    Tokens are a sequence of token ids, windows a window of a multi-channel signal: one prediction for the whole. Text
    is a sequence of token ids too, and what is predicted is the next token at every position.
    """

    TOKENS = "tokens"
    WINDOWS = "windows"
    TEXT = "text"

    @property
    def family(self) -> Family:
        """The family of models that read it."""
        return Family.DECODER if self is InputKind.TEXT else Family.ENCODER


@dataclass(frozen=True)
class InputSpec:
    """What the model reads and predicts; it changes parameters and latency, so it is part of every request.

    Attributes:
        kind: tokens, windows or text.
        length: tokens per sequence, or samples per channel of a window.
        classes: number of classes (or of labels, if `multi_label`); of text, the vocabulary.
        multi_label: several labels may hold at once.
        vocabulary: number of token ids (tokens and text only; 30522 is BERT's).
        channels: channels of a window (windows only).
        patch: samples per patch of the convolutional embedding, also its stride (windows only).
    """

    kind: InputKind
    length: int
    classes: int
    multi_label: bool = False
    vocabulary: int = 30522
    channels: int = 1
    patch: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", choice(InputKind, self.kind, "input kind"))
        for name in ("length", "classes", "vocabulary", "channels", "patch"):
            value = getattr(self, name)
            if not is_count(value):
                raise SpaceError(f"input spec: {name} must be a whole number of at least 1, got {value!r}")
        if self.kind is InputKind.WINDOWS and self.patch > self.length:
            raise SpaceError(f"input spec: patch ({self.patch}) must not exceed the length ({self.length})")
        if self.kind is InputKind.TEXT:
            self._check_text()

    def _check_text(self) -> None:
        if self.classes != self.vocabulary:
            raise SpaceError(
                f"input spec: the classes of text are its next tokens: expected classes equal to vocabulary "
                f"({self.vocabulary}), got {self.classes}; set both to the number of token ids"
            )
        if self.multi_label:
            raise SpaceError(
                "input spec: expected multi_label false for text, got true; leave it out, one token follows"
            )

    @property
    def sequence_length(self) -> int:
        """Positions that the model sees: tokens, or whole patches of a window (the remainder is dropped)."""
        return self.length // self.patch if self.kind is InputKind.WINDOWS else self.length

    def check_family(self, family: Family) -> None:
        """Raises `SpaceError` unless models of `family` read this."""
        if family is not self.kind.family:
            fitting = [kind.value for kind in InputKind if kind.family is family]
            raise SpaceError(
                f"expected an input spec of kind {' or '.join(fitting)} for the family {family.value}, got "
                f"{self.kind.value}; give another input spec or the family {self.kind.family.value}"
            )

    @property
    def key(self) -> str:
        """Key of this input spec."""
        return stable_key("input_spec", INPUT_SPEC_VERSION, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object that holds only what differs from the defaults."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, payload: Any) -> InputSpec:
        """Returns the input spec that `to_json` wrote. Raises `SpaceError` on anything else."""
        known = {field.name for field in fields(cls)}
        expect_keys(payload, "input spec", required={"kind", "length", "classes"}, optional=known)
        return cls(**payload)
