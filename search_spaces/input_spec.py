"""The input spec: what a model reads and what it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from search_spaces.canonical import stable_key, without_defaults
from search_spaces.errors import SpaceError

INPUT_SPEC_VERSION = 1


class InputKind(str, Enum):
    """What one example is: a sequence of token ids, or a window of a multi-channel signal."""

    TOKENS = "tokens"
    WINDOWS = "windows"


@dataclass(frozen=True)
class InputSpec:
    """What the model reads and predicts; it changes parameters and latency, so it is part of every request.

    Attributes:
        kind: tokens or windows.
        length: tokens per sequence, or samples per channel of a window.
        classes: number of classes (or of labels, if `multi_label`).
        multi_label: several labels may hold at once.
        vocabulary: number of token ids (tokens only; 30522 is BERT's).
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
        try:
            object.__setattr__(self, "kind", InputKind(self.kind))
        except ValueError:
            raise SpaceError(f"input kind must be tokens or windows, got {self.kind!r}") from None
        for name in ("length", "classes", "vocabulary", "channels", "patch"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SpaceError(f"input spec: {name} must be a whole number of at least 1, got {value!r}")
        if self.kind is InputKind.WINDOWS and self.patch > self.length:
            raise SpaceError(f"input spec: patch ({self.patch}) must not exceed the length ({self.length})")

    @property
    def sequence_length(self) -> int:
        """Positions that the encoder sees: tokens, or whole patches of a window (the remainder is dropped)."""
        return self.length if self.kind is InputKind.TOKENS else self.length // self.patch

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
        try:
            return cls(**payload)
        except TypeError as error:
            raise SpaceError(f"input spec: {error}") from error
