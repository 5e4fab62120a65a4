"""What a job may use."""

from __future__ import annotations

from dataclasses import dataclass, replace

from device_agents.errors import RequestError


@dataclass(frozen=True)
class Limits:
    """What a job may use.

    Attributes:
        time_s: wall-clock seconds after which the job is killed.
        memory_bytes: address space that the job may add to the runtime's own; None for no limit.
    """

    time_s: float = 120.0
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.time_s > 0:
            raise RequestError(f"limits: time_s must be above 0 s, got {self.time_s!r}")
        if self.memory_bytes is not None and self.memory_bytes <= 0:
            raise RequestError(f"limits: memory_bytes must be above 0 or None, got {self.memory_bytes!r}")

    def bounded(self, free_bytes: int | None, share: float) -> Limits:
        """Returns these limits, with `share` of `free_bytes` as the memory limit where they have none of their own."""
        if self.memory_bytes is not None or free_bytes is None:
            return self
        return replace(self, memory_bytes=int(share * free_bytes))
