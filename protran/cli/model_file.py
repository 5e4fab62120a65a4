"""A model to measure, from a JSON file that a person wrote or that another command printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protran.errors import InputError
from search_spaces.errors import SpaceError

if TYPE_CHECKING:
    from search_spaces.candidate import Candidate
    from search_spaces.input_spec import InputSpec

_LARGEST_BYTES = 10_000_000
_EXTRAS = {"key", "values", "input_spec"}  # what other commands print beside a candidate


@dataclass(frozen=True)
class ModelFile:
    """A candidate and, where the file has it, what it reads."""

    candidate: Candidate
    input_spec: InputSpec | None


def read_model(path: Path) -> ModelFile:
    """Returns the model in `path`: ``{"architecture": …, "deployment"?: …, "input_spec"?: …}``.

    A file that holds only an architecture (``{"layers": […]}``) is one too.

    Raises:
        InputError: the file cannot be read, is not JSON, or a gene in it is unknown, missing or out of range.
    """
    payload = _object(path)
    from search_spaces.candidate import Candidate
    from search_spaces.input_spec import InputSpec

    if "architecture" not in payload and "layers" in payload:
        payload = {"architecture": {name: payload[name] for name in payload if name not in _EXTRAS}, **_extras(payload)}
    genes = {name: value for name, value in payload.items() if name not in _EXTRAS}
    try:
        spec = payload.get("input_spec")
        return ModelFile(Candidate.from_json(genes), None if spec is None else InputSpec.from_json(spec))
    except SpaceError as error:
        raise InputError(f"{path}: {error}") from error


def _extras(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name in _EXTRAS}


def _object(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path}: expected a candidate of a few hundred bytes, got {path.stat().st_size:,} bytes")
        payload = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected a JSON text in UTF-8, got other bytes") from error
    except (json.JSONDecodeError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{path}{line}: expected JSON; `protran space sample edge-small --json` prints candidates"
        ) from error
    if not isinstance(payload, dict):
        raise InputError(f"{path}: expected a JSON object with an architecture, got {type(payload).__name__}")
    return payload
