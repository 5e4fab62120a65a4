"""Surrogates on disk: one safetensors file, one JSON file that names the hash of both, never a pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from surrogates.errors import SurrogateError

FORMAT = 1
TENSORS_FILE = "surrogate.safetensors"
SETTINGS_FILE = "surrogate.json"

Tensors = Mapping[str, Tensor]
Settings = Mapping[str, Any]
T = TypeVar("T")


def write(folder: Path, kind: str, tensors: Tensors, settings: Settings) -> None:
    """Writes a surrogate of a kind into `folder`, creating it; the settings come last, so that a torn write is noticed.

    Raises:
        SurrogateError: the folder cannot be written.
    """
    data = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()})
    header = {"format": FORMAT, "kind": kind, "sha256": _digest(data, settings), "settings": settings}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TENSORS_FILE).write_bytes(data)
        (folder / SETTINGS_FILE).write_text(json.dumps(header, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise SurrogateError(
            f"expected a folder that can be written, got {folder} ({error.strerror}); choose another one"
        ) from error


def read(folder: Path, kind: str, build: Callable[[Tensors, Settings], T]) -> T:
    """Returns what `build` makes of the tensors and settings in `folder`.

    Raises:
        SurrogateError: the folder is missing or damaged, or holds another kind or format.
    """
    try:
        header = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        data = (folder / TENSORS_FILE).read_bytes()
    except OSError as error:
        raise SurrogateError(
            f"expected a saved surrogate in {folder}, got {error.strerror}; save one there first"
        ) from error
    except ValueError as error:
        raise _damaged(folder, f"{SETTINGS_FILE} is not JSON") from error
    if not isinstance(header, dict) or {"format", "kind", "sha256", "settings"} - header.keys():
        raise _damaged(folder, f"{SETTINGS_FILE} lacks entries")
    if (header["format"], header["kind"]) != (FORMAT, kind):
        found = f"{header['kind']!r} of format {header['format']!r}"
        raise SurrogateError(
            f"expected a surrogate {kind!r} of format {FORMAT} in {folder}, got {found}; load it with its own class"
        )
    if _digest(data, header["settings"]) != header["sha256"]:
        raise _damaged(folder, f"its content does not have the hash that {SETTINGS_FILE} names")
    try:
        return build(load(data), header["settings"])
    except (SafetensorError, KeyError, TypeError, IndexError, RuntimeError) as error:
        raise _damaged(folder, f"an entry is missing or of another type ({error})") from error


def below(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    """Returns the tensors whose names start with `prefix`, under the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _digest(data: bytes, settings: Settings) -> str:
    """Returns the hash of the tensors' bytes and the settings, as hexadecimal digits."""
    return hashlib.sha256(data + json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _damaged(folder: Path, what: str) -> SurrogateError:
    return SurrogateError(f"expected an undamaged surrogate in {folder}, but {what}; fit and save it again")
