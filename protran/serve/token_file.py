"""The token of a page that others may open, kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from protran.errors import InputError
from protran.serve.errors import ServeError

_LEAST = 16


def new_token() -> str:
    """Returns a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def kept_token(path: Path) -> str:
    """Returns the token in a file; makes the file, with a new one, where there is none.

    Raises:
        InputError: others can read the file, or it holds no token.
        ServeError: it cannot be read or written.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise ServeError(f"cannot write the token file {path} ({error.strerror}); name another one") from error
    token = new_token()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{token}\n")
    return token


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(4096).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"cannot read the token file {path} ({error}); name another one") from error
    if mode & 0o077:
        raise InputError(f"others can read the token file {path}; run chmod 600 on it, or name another one")
    if len(text) < _LEAST or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            f"the token file {path} must hold one word of at least {_LEAST} letters, got {len(text)}; remove it "
            f"to have a new one made"
        )
    return text
