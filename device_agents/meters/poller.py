"""Looks at a sensor again and again while a window is open."""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from device_agents.errors import DeviceError

JITTER = 0.2
"""Periods vary by this share, so that looking never locks on to a rhythm of the model or of the sensor."""


class Poller(ABC):
    """Calls a function repeatedly between `start` and `stop`."""

    @abstractmethod
    def start(self, look: Callable[[], None]) -> None:
        """Begins to call `look`."""

    @abstractmethod
    def stop(self) -> None:
        """Ends the calls and waits for the last one. Does nothing where none were begun.

        Raises:
            DeviceError: `look` failed; it was not called again after that.
        """


class ThreadPoller(Poller):
    """Calls from a thread of its own, at jittered periods.

    Args:
        rate_hz: mean number of looks per second; 10 cost about a thousandth of a core.
        seed: seed of the jitter.
    """

    def __init__(self, rate_hz: float, seed: int = 0) -> None:
        self._period_s = 1 / rate_hz
        self._rng = random.Random(seed)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def start(self, look: Callable[[], None]) -> None:
        """Begins to call `look`; the first time after one period."""
        self._stopped.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(look,), name="meter", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the calls. Raises `DeviceError` where one failed."""
        if self._thread is None:
            return
        self._stopped.set()
        self._thread.join()
        self._thread = None
        if isinstance(self._failure, DeviceError):
            raise self._failure
        if self._failure is not None:
            raise DeviceError(f"the sensor failed during the window: {self._failure}") from self._failure

    def _run(self, look: Callable[[], None]) -> None:
        while not self._stopped.wait(self._period_s * self._rng.uniform(1 - JITTER, 1 + JITTER)):
            try:
                look()
            except Exception as error:  # any: it is raised again by `stop`, in the thread that can handle it
                self._failure = error
                return
