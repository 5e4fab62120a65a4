"""The server of live pages: threads, a limit of connections, and nothing that is written."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from protran.errors import InputError
from protran.ledger.place import LedgerPlace
from protran.serve.answers import Answers
from protran.serve.documents import Documents
from protran.serve.errors import ServeError
from protran.serve.fleet_state import FleetState
from protran.serve.guard import Guard, is_loopback, own_names
from protran.serve.handler import PageHandler

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8765
MOST_CONNECTIONS = 32
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"


class PageServer(ThreadingHTTPServer):
    """Serves one campaign, or all of a ledger, until it is closed.

    Args:
        place: where the ledger of the campaigns is.
        name: the campaign; None for all.
        bind: address to listen at.
        port: to listen at; 0 for any that is free.
        token: what others must know; it must be given where others can reach the address.
        fleet: the state of the fleet.

    Raises:
        InputError: the address or the port cannot be, or others could read without a token.
        UnknownCampaignError: there is no such campaign.
        ServeError: the address or the port cannot be used.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        place: LedgerPlace,
        name: str | None = None,
        *,
        bind: str = LOOPBACK,
        port: int = USUAL_PORT,
        token: str | None = None,
        fleet: FleetState | None = None,
    ) -> None:
        address = _address(bind)
        if not 0 <= port <= 65535:
            raise InputError(f"port must be from 1 to 65535, or 0 for a free one; got {port}")
        if token is None and not is_loopback(address):
            raise InputError(f"others can reach {address}, so a token is needed, got none; give one")
        answers = Answers(Documents(place, name), fleet or FleetState())
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        try:
            super().__init__((address, port), PageHandler)
        except OSError as error:
            raise ServeError(_why_not(address, port, error)) from error
        self.guard = Guard(self.server_address[1], token, own_names())
        members = {"guard": self.guard, "answers": answers}
        self.RequestHandlerClass = type("BoundHandler", (PageHandler,), members)

    @property
    def url(self) -> str:
        """Where a browser finds the page, with the token where one is asked for."""
        host, port = self.server_address[0], self.server_address[1]
        text = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        if ipaddress.ip_address(text).is_unspecified:
            text = socket.gethostname()
        place = f"http://{f'[{text}]' if ':' in text else text}:{port}/"
        return place if self.guard.token is None else f"{place}?token={self.guard.token}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Gives the request a thread, or says that there are too many at once."""
        if not self._places.acquire(blocking=False):
            with contextlib.suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answers in a thread of its own, and then frees its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a browser that goes away while it is answered is no failure."""


def _address(bind: str) -> str:
    """Returns an address of this machine as it is written. Raises `InputError` where it is none."""
    if bind == "localhost":
        return LOOPBACK
    try:
        return str(ipaddress.ip_address(bind))
    except ValueError:
        raise InputError(f"--bind must be an address of this machine, such as 192.168.1.5; got {bind!r}") from None


def _why_not(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {address} is in use; choose another with --port, or 0 for any that is free"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address} is no address of this machine; `ip address` shows those that it has"
    if error.errno == errno.EACCES:
        return f"port {port} is not for this user; choose one from 1024 on with --port"
    return f"cannot listen at {address}:{port} ({error.strerror or error}); choose another with --bind or --port"
