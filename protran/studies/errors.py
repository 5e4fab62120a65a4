"""Errors of the comparison studies."""

from __future__ import annotations

from protran.errors import ProTranError


class StudyError(ProTranError, RuntimeError):
    """A study cannot go on; what it had finished is on disk, and the same command continues there."""
