"""The fleet's token: one secret that controller and devices share, in a file that only its owner reads."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from device_agents.errors import DeviceError
from device_agents.fleet.folder import write_privately

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,256}")


def make_token(path: Path) -> str:
    """Returns the token in `path`; makes one of 256 random bits if there is none.

    Raises:
        DeviceError: the file holds something else or cannot be written.
    """
    if not path.exists():
        write_privately(path, secrets.token_hex(32) + "\n")
    return read_token(path)


def read_token(path: Path) -> str:
    """Returns the token in a file.

    Raises:
        DeviceError: there is no such file, others than its owner can read it, or it holds no token.
    """
    advice = "copy it from the controller, where `protran fleet token` prints it, with mode 0600"
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1000).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise DeviceError(f"expected the fleet's token in {path} ({reason}); {advice}") from error
    if mode & 0o077:
        raise DeviceError(f"others can read the token in {path} (mode {mode & 0o777:04o}); run chmod 600 {path}")
    if _TOKEN.fullmatch(text) is None:
        raise DeviceError(
            f"expected a token of 32 to 256 letters, digits, - or _ in {path}, got something else; {advice}"
        )
    return text
