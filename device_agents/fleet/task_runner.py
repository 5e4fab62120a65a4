"""Runs task jobs in isolated processes, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.environment import available_memory_bytes
from device_agents.isolation import Limits, WarmProcess

MEMORY_SHARE = 0.4
"""Without a limit of its own, a task may take this share of the memory that is free when it starts: two at once leave
some for everybody else."""


class TaskRunner:
    """Keeps one warm process, for the entry that was used last."""

    def __init__(self) -> None:
        self._process: WarmProcess | None = None

    def run(self, entry: str, payload: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        """Returns ``entry.handle(payload)``.

        Raises:
            JobFailed: there is no result.
            TypeError: the payload is not JSON.
            ValueError: the payload holds NaN or an infinity.
        """
        if self._process is None or self._process.entry != entry:
            self.close()
            self._process = WarmProcess(entry)
        return self._process.call(payload, limits.bounded(available_memory_bytes(), MEMORY_SHARE))

    def close(self) -> None:
        """Ends the warm process. May be called twice."""
        if self._process is not None:
            self._process.close()
            self._process = None
