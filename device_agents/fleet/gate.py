"""The controller's gate: a small server at which devices ask to be let in and say that they are well."""

from __future__ import annotations

import contextlib
import secrets
import socket
import socketserver
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

from device_agents.errors import DeviceError
from device_agents.fleet.handshake import (
    PROTOCOL,
    canonical,
    matches,
    read_object,
    sealed,
    write_object,
)
from device_agents.fleet.strangers import Strangers
from device_agents.fleet.tls import TlsFiles

QUESTION_S = 10.0
"""Whoever connects must have asked by then."""
CONNECTIONS = 64
"""Connections at once that have not asked yet; where there are more, the first makes room."""

Answer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class Gate(socketserver.ThreadingTCPServer):
    """Answers sealed questions; see `device_agents.fleet.handshake`.

    Args:
        address: host and port to listen on.
        token: the fleet's secret.
        answer: gets verb and body; raises `DeviceError` to refuse.
        tls: certificates, to speak TLS only.

    Raises:
        DeviceError: the address cannot be listened on.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], token: str, answer: Answer, tls: TlsFiles | None = None) -> None:
        self._token = token
        self._answer = answer
        self._context = None if tls is None else tls.server_context()
        self._strangers = Strangers(CONNECTIONS, QUESTION_S)
        try:
            super().__init__(address, socketserver.BaseRequestHandler)
        except OSError as error:
            raise DeviceError(
                f"cannot listen on {address[0]}:{address[1]} ({error.strerror}); give an address of this machine with "
                f"--bind, or a free port with --port"
            ) from error

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answers one connection in its own thread."""
        plain = cast(socket.socket, request)
        try:
            # Whoever speaks wrongly is left alone.
            with contextlib.suppress(OSError, ValueError), self._strangers.visit(plain) as proven:
                self._serve(plain, proven)
        finally:
            self.shutdown_request(request)

    def service_actions(self) -> None:
        """Called twice a second by `serve_forever`."""
        self._strangers.send_late_ones_away()

    def _serve(self, plain: socket.socket, proven: Callable[[], None]) -> None:
        plain.settimeout(QUESTION_S)
        secured = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
        with secured as connection, connection.makefile("rwb") as stream:
            self._converse(cast(BinaryIO, stream), proven)

    def _converse(self, stream: BinaryIO, proven: Callable[[], None]) -> None:
        challenge = secrets.token_hex(16)
        write_object(stream, {"protran": PROTOCOL, "challenge": challenge})
        question = read_object(stream)
        verb, nonce, body = question.get("verb"), question.get("nonce"), question.get("body")
        if not (isinstance(verb, str) and isinstance(nonce, str) and isinstance(body, dict)):
            return
        expected = sealed(self._token, "question", challenge, nonce, verb, canonical(body))
        if not matches(question.get("seal"), expected):
            write_object(stream, {"answer": {}, "seal": ""})
            return
        proven()
        answer = self._answered(verb, body, question.get("protocol"))
        write_object(stream, {"answer": answer, "seal": sealed(self._token, "answer", nonce, canonical(answer))})

    def _answered(self, verb: str, body: Mapping[str, Any], protocol: object) -> Mapping[str, Any]:
        if protocol != PROTOCOL:
            return {
                "error": f"expected the fleet protocol {PROTOCOL}, got {protocol}; install the controller's ProTran"
            }
        try:
            return self._answer(verb, body)
        except DeviceError as error:
            return {"error": str(error)}
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError) as error:
            return {
                "error": f"the controller does not understand this {verb} ({error}); install the controller's ProTran"
            }
