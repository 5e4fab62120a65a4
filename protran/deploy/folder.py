"""The folder of an export: filled beside its place, then moved there, so that it is whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from protran.deploy.errors import DeployError
from protran.errors import InputError

SUMS = "SHA256SUMS"


def check_free(out: Path) -> None:
    """Raises `InputError` where the place is taken: by a file, a folder that holds anything, or whoever works there."""
    try:
        if out.is_dir() and out.samefile(Path.cwd()):
            raise InputError(f"expected another folder than the current one, got {out}; choose another --out")
        taken = out.is_symlink() or (out.exists() and not out.is_dir())
        if taken or (out.is_dir() and any(out.iterdir())):
            raise InputError(f"expected a new or an empty folder for the export, got {out}; choose another --out")
    except OSError as error:
        raise InputError(f"cannot look into {out} ({error.strerror}); choose another --out") from error


@contextmanager
def filled(out: Path) -> Iterator[Path]:
    """Gives a folder to fill, which then becomes `out`; where the context is left by an error, nothing is left.

    Raises:
        InputError: the place is taken.
        DeployError: it cannot be written.
    """
    check_free(out)
    out = Path(os.path.abspath(out))
    partial = out.parent / f".{out.name}.{os.getpid()}.partial"
    with _told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()  # fails where another export fills it: its files stay
    try:
        with _told(out):
            yield partial
            write_sums(partial)
            check_free(out)  # somebody may have been there meanwhile
            if out.is_dir():
                out.rmdir()
            os.replace(partial, out)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(partial)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DeployError(f"cannot write the export to {out} ({reason}); choose another --out") from error


def write_json(path: Path, payload: Mapping[str, Any]) -> None:
    """Writes a JSON object, in ASCII: whatever names hold, they are data."""
    path.write_text(json.dumps(payload, indent=2, allow_nan=False) + "\n", encoding="ascii")


def write_sums(folder: Path) -> None:
    """Writes SHA256SUMS, which ``sha256sum -c SHA256SUMS`` checks."""
    lines = [f"{_digest(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
