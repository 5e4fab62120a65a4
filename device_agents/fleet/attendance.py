"""Who was seen when: the state of each device, from what its joiner tells every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from device_agents.fleet.registry import Enrolled

HELLO_S = 5.0
"""How often a device says that it is well."""
SUSPECT_S = 13.0
LOST_S = 30.0
RECORD_S = 60.0
"""How often that is written down."""
REMOVED = "removed"
"""What a device hears that the fleet does not know any more."""


class Attendance:
    """Remembers the last hello of each device, in memory: a controller that starts anew hears of all within seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen_s: dict[str, float] = {}
        self._recorded_s: dict[str, float] = {}
        self._health: dict[str, Mapping[str, Any]] = {}

    def saw(self, name: str, health: Mapping[str, Any]) -> bool:
        """Notes a hello, and returns whether it is time to write it down."""
        with self._lock:
            now_s = self._clock()
            self._seen_s[name] = now_s
            if health:
                self._health[name] = health
            due = now_s - self._recorded_s.get(name, -RECORD_S) >= RECORD_S
            if due:
                self._recorded_s[name] = now_s
            return due

    def left(self, name: str) -> None:
        """Notes that a device went in order."""
        with self._lock:
            for notes in (self._seen_s, self._recorded_s, self._health):
                notes.pop(name, None)

    def here(self, device: Enrolled) -> bool:
        """Tells whether a device was heard of within the last seconds."""
        return self._silence_s(device.name) <= SUSPECT_S

    def described(self, device: Enrolled) -> dict[str, Any]:
        """Returns a device as a JSON object with its state: ready, busy, suspect, lost or refused."""
        silence_s = self._silence_s(device.name)
        health = dict(self._health.get(device.name, {}))
        return {
            **device.to_json(),
            "state": _state(device, silence_s, busy=bool(health.get("running"))),
            "silent_s": None if silence_s == float("inf") else round(silence_s, 1),
            "health": health,
        }

    def _silence_s(self, name: str) -> float:
        with self._lock:
            seen_s = self._seen_s.get(name)
            return float("inf") if seen_s is None else self._clock() - seen_s


def _state(device: Enrolled, silence_s: float, *, busy: bool) -> str:
    if not device.admitted:
        return "refused" if device.reason else "joining"
    if silence_s > LOST_S:
        return "lost"
    if silence_s > SUSPECT_S:
        return "suspect"
    return "busy" if busy else "ready"
