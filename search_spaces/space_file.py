"""Reading a YAML file as plain data, with the line of every part.

Only what JSON could say is accepted: mappings with text keys, lists, text, numbers, true and false. Tags that build
objects are refused by the safe loader; aliases, which can blow a small file up to any size, are refused as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from search_spaces.errors import SpaceError
from search_spaces.space_fields import Place

LARGEST_FILE_BYTES = 262_144
DEEPEST_NESTING = 16


@dataclass(frozen=True)
class SpaceFile:
    """The content of a space file.

    Attributes:
        payload: plain data.
        lines: the line (from 1) of each part, by the keys and indices that lead to it.
    """

    payload: Any
    lines: dict[Place, int]

    def line_of(self, place: Place) -> int:
        """Returns the line of `place`, or of the nearest part around it that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_space_file(path: Path) -> SpaceFile:
    """Returns the content of the YAML file at `path`.

    Raises:
        SpaceError: the file cannot be read or is not plain YAML; the message begins with ``FILE:LINE:``.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise SpaceError(f"{path}:1: expected a file of at most {LARGEST_FILE_BYTES} bytes; is this a space file?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError(f"{path}:1: expected a readable UTF-8 text file, got: {error}") from error
    try:
        return _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        raise SpaceError(f"{path}:{mark.line + 1 if mark else 1}: expected plain YAML, got: {problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SpaceError(f"{path}:1: expected plain YAML, got: {str(error).splitlines()[0]}") from error


def _read(text: str) -> SpaceFile:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _problem("an alias (*name); write the value out", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            raise _problem(f"lists or mappings nested more than {DEEPEST_NESTING} deep", event)
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        lines: dict[Place, int] = {}
        payload = None if root is None else _plain(root, (), loader, lines)
        return SpaceFile(payload, lines)
    finally:
        loader.dispose()


def _plain(node: yaml.Node, place: Place, loader: yaml.SafeLoader, lines: dict[Place, int]) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            if not isinstance(key, str):
                raise _problem(f"the key {key!r}; keys must be text", key_node)
            if key in result:
                raise _problem(f"{key!r} twice; remove one", key_node)
            lines[(*place, key)] = key_node.start_mark.line + 1
            result[key] = _plain(value_node, (*place, key), loader, lines)
        return result
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_plain(item, (*place, index), loader, lines) for index, item in enumerate(node.value)]
    value = loader.construct_object(node)
    if not isinstance(value, str | int | float | bool):
        raise _problem(f"{value!r:.60}; only text, numbers, true and false are allowed", node)
    return value


def _problem(message: str, part: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=part.start_mark)
