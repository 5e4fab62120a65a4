"""Errors of the protran package.

Every message is one sentence that says what was expected, what came, and what to do next, so that the command line can
print it as it is. `exit_code` is what the process then ends with: 2 for bad input, 1 for a failure of the work.
"""

from __future__ import annotations

from typing import ClassVar


class ProTranError(Exception):
    """Root of the errors that the protran package raises on purpose."""

    exit_code: ClassVar[int] = 1


class InputError(ProTranError, ValueError):
    """What the user asked for is not valid; nothing was changed."""

    exit_code: ClassVar[int] = 2


class ConfigError(InputError):
    """A campaign file or an argument is not valid; the message names its place."""


class UnknownCampaignError(InputError):
    """There is no campaign of this name."""


class CampaignError(ProTranError, RuntimeError):
    """A campaign cannot go on."""


class LedgerError(ProTranError, RuntimeError):
    """The ledger cannot be read or written; what it had confirmed before is safe."""


class CampaignBusyError(LedgerError):
    """Another process runs this campaign at this moment."""
