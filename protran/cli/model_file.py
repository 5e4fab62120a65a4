"""A model that a command is about: a preset by name, or a JSON file of a person or of another command."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from protran.errors import InputError
from search_spaces.errors import SpaceError

if TYPE_CHECKING:
    from search_spaces.candidate import Candidate, Family
    from search_spaces.input_spec import InputSpec

ModelName = Annotated[
    str, typer.Argument(metavar="PRESET|FILE.json", help="A preset such as bert-tiny, or a candidate's file.")
]
TaskOfModel = Annotated[
    str, typer.Option(help="What an encoder's FILE.json without an input_spec reads: this task's input.")
]

_LARGEST_BYTES = 10_000_000
_EXTRAS = {  # what other commands print beside a candidate
    "key", "line", "values", "input_spec",
    "workload", "device", "per_sequence", "measurements", "memory", "accumulation",
}  # fmt: skip


@dataclass(frozen=True)
class ModelFile:
    """A candidate and, where the file has it, what it reads."""

    candidate: Candidate
    input_spec: InputSpec | None


def find_model(model: str, task: str) -> tuple[Candidate, InputSpec]:
    """Returns a preset, or the candidate in a file, and what it reads.

    Args:
        model: the name of a preset, or a path.
        task: whose input an encoder reads whose file does not say what it reads; a decoder then reads GPT-2's text.

    Raises:
        InputError: there is neither such a preset nor such a file, the file is not a model or reads what its family
            cannot, or there is no such task.
    """
    from search_spaces.presets import preset, presets

    if model in presets():
        return preset(model)
    path = Path(model)
    if not path.exists() and path.suffix != ".json":
        near = difflib.get_close_matches(model, presets(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"model must be a JSON file or one of {', '.join(presets())}; got {model!r}{hint}")
    found = read_model(path)
    if found.input_spec is not None:
        return found.candidate, found.input_spec
    return found.candidate, _unsaid_input(found.candidate.architecture.family, task)


def _unsaid_input(family: Family, task: str) -> InputSpec:
    from protran.cli.usual_inputs import usual_inputs
    from protran.tasks.registry import load_task
    from search_spaces.candidate import Family

    if family is Family.DECODER:
        (text,) = usual_inputs(family).values()
        return text
    return load_task(task).input_spec


def read_model(path: Path) -> ModelFile:
    """Returns the model in `path`: ``{"architecture": …, "deployment"?: …, "input_spec"?: …}``.

    A file that holds only an architecture (``{"layers": […]}``) is one too.

    Raises:
        InputError: the file cannot be read, is not JSON, or a gene in it is unknown, missing or out of range, or
            its input is not one that models of its family read.
    """
    payload = _object(path)
    from search_spaces.candidate import Candidate
    from search_spaces.input_spec import InputSpec

    if "architecture" not in payload and "layers" in payload:
        payload = {"architecture": {name: payload[name] for name in payload if name not in _EXTRAS}, **_extras(payload)}
    genes = {name: value for name, value in payload.items() if name not in _EXTRAS}
    try:
        candidate, spec = Candidate.from_json(genes), payload.get("input_spec")
        if spec is None:
            return ModelFile(candidate, None)
        input_spec = InputSpec.from_json(spec)
        input_spec.check_family(candidate.architecture.family)
        return ModelFile(candidate, input_spec)
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
