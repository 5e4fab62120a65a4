"""The short, private folder that Ray needs for its sockets and logs."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

from device_agents.errors import DeviceError
from device_agents.fleet.processes import end_holders

_ROOT = Path("/tmp")  # a socket's path may have 107 bytes, and Ray's own part of it has up to 80


def ray_folder(purpose: str) -> Path:
    """Returns the folder of a purpose of this user. Not made."""
    mark = hashlib.sha256(purpose.encode()).hexdigest()[:8]
    return _ROOT / f"ptf-{os.getuid()}-{mark}"


def purpose_lock(purpose: str) -> Path:
    """Returns the file whose lock whoever uses the folder of a purpose holds: beside it, whatever `TMPDIR` says."""
    folder = ray_folder(purpose)
    return folder.with_name(f"{folder.name}.lock")


def fresh_ray_folder(purpose: str) -> Path:
    """Returns an empty folder for Ray that only this user can enter, the same one for the same purpose.

    What an earlier process of this purpose left is ended and removed: whoever calls this holds the purpose's lock.

    Raises:
        DeviceError: somebody else owns the folder.
    """
    folder = ray_folder(purpose)
    if folder.exists() or folder.is_symlink():
        _check_own(folder)
        end_holders(folder)
        shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DeviceError(f"cannot make {folder} for Ray ({error.strerror}); free disk space") from error
    _check_own(folder)
    return folder


def _check_own(folder: Path) -> None:
    """In a folder that everybody may write to, somebody else could have made it first."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise DeviceError(f"{folder} belongs to somebody else; have it removed")
