"""The way back: a controller proves that it can reach a device before the device may join.

Ray does not: a node with a wrong address prints success, and dies six seconds later.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator

from device_agents.errors import DeviceError

TIMEOUT_S = 5.0


def way_back(address: str, port: int, word: str) -> str:
    """Returns why nobody with the word answers at an address and a port; nothing if it was read there."""
    try:
        with socket.create_connection((address, port), timeout=TIMEOUT_S) as connection:
            connection.settimeout(TIMEOUT_S)
            heard = connection.recv(len(word))
    except (OSError, UnicodeError, OverflowError) as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
        return (
            f"the controller cannot reach {address}:{port}, the address that this device gives ({reason}); pass one "
            f"that it can reach with --address, and open the device's ports in the firewall between"
        )
    if not word or not secrets.compare_digest(heard, word.encode()):
        return (
            f"somebody else answers at {address}:{port}, the address that this device gives; pass its own with "
            f"--address"
        )
    return ""


@contextlib.contextmanager
def answering(address: str, port: int) -> Iterator[str]:
    """Lets a controller find this device, as long as the context lasts; yields the word that it must read.

    Raises:
        DeviceError: the port is taken.
    """
    word = secrets.token_hex(16)
    loopback = address.startswith("127.")
    try:
        server = socket.create_server(("127.0.0.1" if loopback else "", port))
    except OSError as error:
        raise DeviceError(
            f"port {port} of this device cannot be used ({os.strerror(error.errno or 0)}); end what holds it, or "
            f"choose other ports with --port"
        ) from error
    thread = threading.Thread(target=_answer, args=(server, word.encode()), daemon=True)
    thread.start()
    try:
        yield word
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # wakes the thread
        server.close()
        thread.join(timeout=1.0)


def _answer(server: socket.socket, word: bytes) -> None:
    with contextlib.suppress(OSError):  # closed
        while True:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(word)
