"""Where a controller and a device keep what must outlive them: token, registry, Ray's state."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError

FOLDER_VARIABLE = "PROTRAN_FLEET"
TOKEN = "token"
FACTS = "fleet.json"
REGISTRY = "devices.json"
LOG = "controller.log"
LOCK = "controller.lock"
STATE_STORE = "state"  # where Ray's state service keeps what survives its end


def fleet_folder() -> Path:
    """Returns the controller's folder: `PROTRAN_FLEET` if set, else one in the user's state folder. Not created."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - only where no folder was chosen

    return Path(platformdirs.user_state_dir("protran")) / "fleet"


def private_folder(path: Path) -> Path:
    """Makes a folder that only this user can enter, and returns it.

    Raises:
        DeviceError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as error:
        raise DeviceError(
            f"cannot keep the fleet's files in {path} ({error.strerror}); set {FOLDER_VARIABLE} to a folder that can "
            f"be written"
        ) from error
    return path


def write_privately(path: Path, text: str) -> None:
    """Writes a file that only this user can read; others see the old one or the new one, never a part.

    Raises:
        DeviceError: it cannot be written.
    """
    try:
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise
    except OSError as error:
        raise DeviceError(f"cannot write {path} ({error.strerror}); free disk space or mend its rights") from error


def read_object(path: Path) -> dict[str, Any] | None:
    """Returns the JSON object in a file; None where there is no file.

    Raises:
        DeviceError: the file cannot be read or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceError(f"cannot read {path} ({error}); mend its rights, or remove it to start anew") from error
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DeviceError(f"expected a JSON object in {path}, got something else; remove it to start anew")
    return found


def write_object(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON object as `write_privately` does."""
    write_privately(path, json.dumps(content, indent=2) + "\n")
