"""A surrogate inside another one's files: a folder of two files holds both, under one hash."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from surrogates.base import Surrogate
from surrogates.storage import SETTINGS_FILE, TENSORS_FILE

S = TypeVar("S", bound=Surrogate)


def packed_surrogate(surrogate: Surrogate) -> tuple[Tensor, str]:
    """Returns what `save` writes: the bytes of the tensors' file, and the text of the settings' file.

    Raises:
        SurrogateError: the surrogate was not fitted.
    """
    with tempfile.TemporaryDirectory(prefix="protran-") as name:
        folder = Path(name)
        surrogate.save(folder)
        content = bytearray((folder / TENSORS_FILE).read_bytes())
        return torch.frombuffer(content, dtype=torch.uint8), (folder / SETTINGS_FILE).read_text(encoding="utf-8")


def unpacked_surrogate(kind: type[S], content: Tensor, settings: str) -> S:
    """Returns the surrogate of class `kind` that `packed_surrogate` described.

    Raises:
        SurrogateError: the content is damaged, or of another kind.
    """
    with tempfile.TemporaryDirectory(prefix="protran-") as name:
        folder = Path(name)
        (folder / TENSORS_FILE).write_bytes(content.numpy().tobytes())
        (folder / SETTINGS_FILE).write_text(settings, encoding="utf-8")
        loaded = kind.load(folder)
        if not isinstance(loaded, kind):
            raise TypeError(f"{kind.__name__}.load returned a {type(loaded).__name__}")
        return loaded
