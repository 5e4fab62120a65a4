"""Tries again while a server is away for a moment: it restarts, or a connection was lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from protran.ledger.failures import away, conflicting

T = TypeVar("T")

RECONNECT_S = 60.0
"""Seconds for which a server may be away; a restart takes one or two."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


class Patience:
    """Repeats work whose transaction was lost.

    Args:
        clock: monotonic seconds.
        sleep: waits so many seconds; what interrupts it passes on at once.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._met = False

    def persist(self, run: Callable[[], T]) -> T:
        """Returns what `run` returns, called again where the server was away, for up to `RECONNECT_S`.

        A server that never answered is not waited for. What else is raised passes on.
        """
        deadline, pause_s = None, _FIRST_PAUSE_S
        while True:
            try:
                result = run()
            except Exception as error:
                deadline = self._clock() + RECONNECT_S if deadline is None else deadline
                worth = conflicting(error) or (self._met and away(error))
                if not worth or self._clock() + pause_s > deadline:
                    raise
            else:
                self._met = True
                return result
            self._sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
