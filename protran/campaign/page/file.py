"""Writes a campaign's page to a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from protran.errors import InputError
from protran.names import check_campaign_name
from protran.report.page.render import render_page
from protran.report.page.schema import Document

REPORT_HTML = "report.html"
_SUFFIXES = (".html", ".htm")


def write_page(document: Document, folder: Path, path: Path | None = None) -> Path:
    """Writes a page as a whole or not at all, and returns its path.

    Args:
        document: of the schema `protran.report.page.schema`.
        folder: of the campaigns' files.
        path: ends in .html; by default `report.html` in the campaign's own folder below `folder`.

    Raises:
        InputError: the path ends otherwise or cannot be written; or the campaign's name can be none of a folder.
    """
    if path is None:
        path = folder / check_campaign_name(str(document["campaign"]["name"])) / REPORT_HTML
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"a report must end in .html; got {path.name!r}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, render_page(document))
    except OSError as error:
        raise InputError(f"cannot write the report {path}: {error.strerror or error}") from error
    return path


def _replace(path: Path, text: str) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise
