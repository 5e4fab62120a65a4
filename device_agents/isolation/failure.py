"""How an isolated job can fail."""

from __future__ import annotations

from enum import Enum

from device_agents.errors import DeviceError


class FailureKind(str, Enum):
    """What became of a job that has no result.

    CRASHED: its process ended by a signal or by an exit of its own. TIMED_OUT: it was killed at its time limit.
    OUT_OF_MEMORY: it asked for more than its memory limit, or than there is. LOST: the warm process itself could not
    start or was killed, so nothing is known of the job. ERROR: the job raised an exception, or its result is not JSON.
    """

    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"
    LOST = "lost"
    ERROR = "error"


class JobFailed(DeviceError):
    """A job has no result.

    Attributes:
        kind: what became of it.
        reason: one sentence, also the message of this exception.
        detail: the end of the job's traceback or error output, for a log; may be empty.
    """

    def __init__(self, kind: FailureKind, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.detail = detail
