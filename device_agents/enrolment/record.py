"""Remembers on the controller which devices were enrolled over ssh, and where they are reached."""

from __future__ import annotations

import json
import os
from pathlib import Path

from device_agents.enrolment.target import SshTarget, parse_target
from device_agents.errors import DeviceError
from device_agents.fleet.device_name import check_device_name

_FOLDER = "enrolled"


def remember(fleet: Path, device: str, target: SshTarget) -> None:
    """Writes down where a device is reached.

    Args:
        fleet: the controller's folder.
        device: its name.
        target: where ssh reaches it.

    Raises:
        DeviceError: this is no name of a device, the folder cannot be written.
    """
    path = _path(fleet, device)
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_text(json.dumps({"target": str(target)}) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise DeviceError(f"cannot write {path} ({error.strerror}); mend its rights or free disk space") from error


def recall(fleet: Path, device: str) -> SshTarget | None:
    """Returns where a device was enrolled; None where it was not enrolled over ssh.

    Raises:
        DeviceError: this is no name of a device, the record cannot be read.
    """
    path = _path(fleet, device)
    try:
        return parse_target(json.loads(path.read_text(encoding="utf-8"))["target"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeviceError(f"cannot read {path} ({error}); remove it and enroll the device again") from error


def forget(fleet: Path, device: str) -> None:
    """Removes what was written down of a device, if anything was.

    Raises:
        DeviceError: this is no name of a device.
    """
    _path(fleet, device).unlink(missing_ok=True)


def _path(fleet: Path, device: str) -> Path:
    return fleet / _FOLDER / f"{check_device_name(device)}.json"
