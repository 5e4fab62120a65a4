"""Errors of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protran.errors import ProTranError

if TYPE_CHECKING:
    from protran.deploy.exported import Exported


class DeployError(ProTranError, RuntimeError):
    """A model cannot be exported, or what was exported does not do what the ledger says."""


class WrongScoresError(DeployError):
    """The exported model is in its folder, marked, but its score is not the expected one.

    Attributes:
        exported: what was written.
    """

    def __init__(self, message: str, exported: Exported) -> None:
        super().__init__(message)
        self.exported = exported
