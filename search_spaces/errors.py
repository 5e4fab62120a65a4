"""Errors of the search_spaces package."""

from __future__ import annotations


class SpaceError(ValueError):
    """Something about a candidate or a design space is wrong; the message says what was expected, got, and what to do."""
