from __future__ import annotations

import itertools
import socket

import pytest

from protran.serve.request_head import MOST_BYTES, HeadTooLargeError, read_head


def sent(data: bytes, *, close: bool = True) -> socket.socket:
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    if close:
        theirs.close()
    return ours


def test_a_head_is_read_to_its_empty_line() -> None:
    with sent(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n") as connection:
        assert read_head(connection).endswith(b"\r\n\r\n")


def test_a_client_that_ends_early_leaves_what_it_sent() -> None:
    with sent(b"GET /") as connection:
        assert read_head(connection) == b"GET /"


def test_a_long_head_is_not_read_to_its_end() -> None:
    with sent(b"GET / HTTP/1.0\r\n" + b"x" * (MOST_BYTES + 10)) as connection, pytest.raises(HeadTooLargeError):
        read_head(connection)


def test_bytes_that_drip_in_for_too_long_are_given_up() -> None:
    ticks = itertools.chain([0.0], itertools.repeat(11.0))
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        read_head(ours, lambda: next(ticks))
