"""Connections at the gate that have not proven themselves yet."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator


class Strangers:
    """Keeps them few and brief, so that whoever only opens connections keeps nobody else out.

    Where there are too many, the one that came first makes room.

    Args:
        most: how many there may be at once.
        patience_s: how long one may take to prove itself.
        clock: monotonic, in seconds.
    """

    def __init__(self, most: int, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._patience_s = patience_s
        self._clock = clock
        self._lock = threading.Lock()
        self._since_s: dict[socket.socket, float] = {}  # in the order in which they came

    @contextlib.contextmanager
    def visit(self, connection: socket.socket) -> Iterator[Callable[[], None]]:
        """Counts a connection as long as the context lasts, or until what it yields is called: it has proven itself."""
        handle = connection.dup()  # TLS takes the connection's own descriptor over
        with self._lock:
            self._since_s[handle] = self._clock()
            surplus = list(self._since_s)[: max(len(self._since_s) - self._most, 0)]
        self._send_away(surplus)
        try:
            yield lambda: self._forget(handle)
        finally:
            self._forget(handle)
            handle.close()

    def send_late_ones_away(self) -> None:
        """Ends the connections that took too long."""
        with self._lock:
            now_s = self._clock()
            late = [handle for handle, since_s in self._since_s.items() if now_s - since_s > self._patience_s]
        self._send_away(late)

    def _send_away(self, handles: list[socket.socket]) -> None:
        for handle in handles:
            self._forget(handle)
            with contextlib.suppress(OSError):  # it went by itself
                handle.shutdown(socket.SHUT_RDWR)

    def _forget(self, handle: socket.socket) -> None:
        with self._lock:
            self._since_s.pop(handle, None)
