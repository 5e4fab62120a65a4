"""The kernel's files of one value each, read with their faults said as device errors."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

from device_agents.errors import DeviceError

ROOT = Path("/")


def read_number(path: Path) -> float:
    """Returns the number that `path` holds.

    Raises:
        DeviceError: the file is gone, may not be read by this user, does not answer, or holds no finite number.
    """
    text = read_text(path)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DeviceError(f"{path}: expected a number from the sensor, got {text!r}; run `protran doctor`")
    return value


def read_text(path: Path) -> str:
    """Returns the first line of `path`.

    Raises:
        DeviceError: the file is gone, may not be read by this user, or does not answer.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip().partition("\n")[0]
    except PermissionError as error:
        raise DeviceError(f"{path}: this user may not read the sensor; run: sudo chmod a+r {path}") from error
    except OSError as error:
        raise DeviceError(f"{path}: the sensor does not answer ({error.strerror}); run `protran doctor`") from error


def text_or_empty(path: Path) -> str:
    """Returns the first line of `path`; an empty text where it cannot be read."""
    try:
        return read_text(path)
    except DeviceError:
        return ""


def closed(paths: Iterable[Path]) -> list[Path]:
    """Returns those of `paths` that this user may not read."""
    return [path for path in paths if not os.access(path, os.R_OK)]


def shown(path: Path, root: Path) -> str:
    """Returns `path` as the machine whose file system starts at `root` calls it."""
    return str(ROOT / path.relative_to(root))
