"""The state of the fleet, as the page shows it: what helps a reader, and nothing that opens a door."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.control import ask_controller

FRESH_S = 4.0
ANSWER_S = 3.0


class FleetState:
    """Asks this machine's controller, at most every few seconds, whoever looks.

    Args:
        ask: returns the controller's answer; raises `DeviceError` where it does not run.
        clock: seconds.
    """

    def __init__(
        self,
        ask: Callable[[], Mapping[str, Any]] = lambda: ask_controller("status", {}, answer_s=ANSWER_S),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_s = float("-inf")
        self._known: dict[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"running", "reason", "devices"}``."""
        with self._lock:
            if self._clock() - self._asked_s > FRESH_S:
                self._known = self._fresh()
                self._asked_s = self._clock()
            return self._known

    def _fresh(self) -> dict[str, Any]:
        try:
            facts = self._ask()
        except DeviceError as error:
            return {"running": False, "reason": f"{str(error)[:1].upper()}{str(error)[1:]}.", "devices": []}
        return {"running": True, "reason": "", "devices": [_device(device) for device in facts["devices"]]}


def _device(device: Mapping[str, Any]) -> dict[str, Any]:
    health = device.get("health") or {}
    remark = device.get("reason") or (device.get("self_test") or {}).get("remark") or ""
    return {
        "name": device["name"],
        "state": device["state"],
        "silent_s": device.get("silent_s"),
        "load": health.get("load"),
        "throttled": health.get("throttled"),
        "queue": int(health.get("waiting") or 0) + bool(health.get("running")),
        "reason": str(remark),
    }
