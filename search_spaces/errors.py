"""Errors of the search_spaces package."""

from __future__ import annotations


class SpaceError(ValueError):
    """A candidate, input spec or space is wrong; the message says what was expected, what came, and what to do."""
