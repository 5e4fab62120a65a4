"""Errors of serving a page."""

from __future__ import annotations

from protran.errors import ProTranError


class ServeError(ProTranError, RuntimeError):
    """The page cannot be served."""
