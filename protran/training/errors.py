"""Errors of the training."""

from __future__ import annotations

from protran.errors import ProTranError


class TrainingError(ProTranError, RuntimeError):
    """A training failed; the message says why and what to do next."""
