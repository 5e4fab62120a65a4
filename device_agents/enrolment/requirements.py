"""The pinned set of libraries that a device needs."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

REQUIREMENTS_FILE = Path(__file__).parents[1] / "requirements-device.txt"
_SECTION = re.compile(r"# \[([a-z]+)\]")


class Section(str, Enum):
    """A part of the requirement set.

    AGENT: Ray and the command line. RUNNER: torch. ONNX: onnxruntime and what writes models for it.
    """

    AGENT = "agent"
    RUNNER = "runner"
    ONNX = "onnx"


def device_requirements(*sections: Section, file: Path = REQUIREMENTS_FILE) -> tuple[str, ...]:
    """Returns the lines ``name==version`` of some sections, in the order of the file."""
    lines, wanted = [], False
    for line in file.read_text(encoding="utf-8").splitlines():
        heading = _SECTION.match(line)
        if heading is not None:
            wanted = Section(heading[1]) in sections
        elif wanted and line and not line.startswith("#"):
            lines.append(line)
    return tuple(lines)
