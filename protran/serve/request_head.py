"""Reads the head of a request: at most so many bytes, within so many seconds in all."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

MOST_BYTES = 16 * 1024
MOST_S = 10.0
_ENDS = (b"\r\n\r\n", b"\n\n")


class HeadTooLargeError(ValueError):
    """More than a request of ours ever needs."""


def read_head(connection: socket.socket, clock: Callable[[], float] = time.monotonic) -> bytes:
    """Returns what a client sent up to the empty line that ends its head, or up to its end.

    Raises:
        HeadTooLargeError: it is longer than `MOST_BYTES`.
        TimeoutError: it is not there after `MOST_S` seconds, however steadily bytes drip in.
    """
    end_s, head = clock() + MOST_S, b""
    while not any(end in head for end in _ENDS):
        left_s = end_s - clock()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        part = connection.recv(4096)
        if not part:
            break
        head += part
        if len(head) > MOST_BYTES:
            raise HeadTooLargeError
    return head
