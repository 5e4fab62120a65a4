"""Errors of the surrogates package."""

from __future__ import annotations


class SurrogateError(ValueError):
    """A surrogate cannot be fitted, queried or loaded as asked; the message says what was expected and what came."""
