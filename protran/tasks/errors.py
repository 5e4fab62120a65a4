"""Errors of the tasks."""

from __future__ import annotations

from protran.errors import InputError


class TaskError(InputError):
    """A task's data cannot be used; the message says what was expected, what came, and what to do next."""
