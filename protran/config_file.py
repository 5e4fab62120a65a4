"""Campaign files: YAML, with the line number in every error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from protran.config import CampaignConfig
from protran.config_errors import Place, first_error
from protran.errors import ConfigError


def load_config(path: Path | str, overrides: Mapping[str, Any] | None = None) -> CampaignConfig:
    """Returns the configuration in a campaign file.

    Paths in the file (of a space or a task) are relative to the file's folder.

    Args:
        path: a YAML file with the fields of `CampaignConfig`.
        overrides: fields that were given elsewhere and win, for example on the command line; None is not given.

    Raises:
        ConfigError: ``FILE:LINE: FIELD: expected …, got …``.
    """
    path = Path(path)
    fields, lines = _read(path)
    _anchor(fields, path.parent)
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        return CampaignConfig.model_validate({**fields, **given})
    except ValidationError as error:
        place, sentence = first_error(error, CampaignConfig)
        if place and place[0] in given:
            raise ConfigError(sentence) from None
        raise ConfigError(f"{path}:{_line_of(place, lines)}: {sentence}") from None


def _read(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """Returns the mapping in the file, and the line of each of its places."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"cannot read the campaign file {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: expected text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}:1: expected fields such as 'name: demo', got {_kind(node)}")
    reader = _Reader(path)
    return reader.mapping(node, ()), reader.lines


class _Reader:
    """Turns YAML nodes into plain values and notes the line of each place."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self._path = path
        self._scalars = yaml.SafeLoader("")
        self._open: set[int] = set()

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        """Returns the mapping at `place`; refuses a key that is given twice."""
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in result:
                raise ConfigError(f"{self._path}:{line}: {key}: this field is given twice")
            self.lines[(*place, key)] = line
            result[key] = self._value(value_node, (*place, key))
        return result

    def _value(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._open:
            raise ConfigError(f"{self._path}:{line}: an alias refers to what it is part of")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, place)
            if isinstance(node, yaml.SequenceNode):
                return [self._value(item, (*place, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, line)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise ConfigError(f"{self._path}:{line}: cannot read {node.value!r}") from None


def _line_of(place: Place, lines: Mapping[Place, int]) -> int:
    """The line of the nearest enclosing place that is in the file."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _anchor(fields: dict[str, Any], folder: Path) -> None:
    """Makes the paths of a space file and a task file relative to the campaign file's folder."""
    for owner, key in ((fields, "space"), (fields, "task"), (fields.get("task"), "source")):
        if isinstance(owner, dict) and isinstance(owner.get(key), str) and _is_path(owner[key]):
            owner[key] = str(folder / owner[key])


def _is_path(text: str) -> bool:
    """A name of something built in has neither a folder nor an extension."""
    return "/" in text or Path(text).suffix != ""


def _kind(node: yaml.Node | None) -> str:
    if node is None:
        return "an empty file"
    return "a list" if isinstance(node, yaml.SequenceNode) else "one value"
