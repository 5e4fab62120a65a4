"""One request over HTTP: who asks, what is answered, and the headers that keep a browser careful."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from protran.serve.answers import TEXT, Answer, Answers, said
from protran.serve.guard import Guard
from protran.serve.request_head import HeadTooLargeError, read_head

WRITE_S = 60.0
_CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageHandler(BaseHTTPRequestHandler):
    """Answers one GET, then closes the connection. Subclasses give it `guard` and `answers`."""

    guard: Guard
    answers: Answers

    def setup(self) -> None:
        """Reads the whole head before anything else looks at it."""
        super().setup()
        self.refusal: Answer | None = None
        head = b"GET / HTTP/1.0\r\n\r\n"
        try:
            head = read_head(self.connection)
        except HeadTooLargeError:
            self.refusal = said(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request is too long")
        except TimeoutError:
            self.refusal = said(HTTPStatus.REQUEST_TIMEOUT, "the request did not come in time")
        except OSError:
            head = b""  # the client went away
        self.rfile = BytesIO(head)
        self.connection.settimeout(WRITE_S)

    def do_GET(self) -> None:
        """Answers."""
        self._send(self.refusal or self._answer())

    def _answer(self) -> Answer:
        if not self.guard.knows_host(self.headers.get("Host")):
            return said(HTTPStatus.FORBIDDEN, "expected this machine's address or name in the request, got another")
        parts = urlsplit(self.path)
        given = parse_qs(parts.query).get("token")
        if given and self.guard.is_token(given[0]):
            # the token leaves the address bar and the browser's history at once
            return Answer(
                HTTPStatus.SEE_OTHER, b"", TEXT, {"Location": _own_path(parts.path), "Set-Cookie": self.guard.cookie}
            )
        if not self.guard.lets_in(self.headers.get("Cookie")):
            return said(HTTPStatus.UNAUTHORIZED, "expected the token; open the address that `protran serve` printed")
        return self.answers.answer(parts.path, self.headers.get("If-None-Match"))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, text in {**_CAREFUL, "Content-Security-Policy": "default-src 'none'", **answer.head}.items():
            self.send_header(name, text)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses what is no GET, or no HTTP, in plain text: nothing of the request is repeated."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        if not hasattr(self, "requestline"):
            self.requestline, self.request_version = "", "HTTP/1.0"
        answer = said(status, status.phrase)
        allow = {"Allow": "GET"} if status is HTTPStatus.METHOD_NOT_ALLOWED else {}
        self._send(Answer(status, answer.body, TEXT, allow))

    def version_string(self) -> str:
        """Returns what the server calls itself: no version that somebody could look up."""
        return "ProTran"

    def log_message(self, format: str, *args: Any) -> None:
        """Writes no log: an address may hold the token."""


def _own_path(path: str) -> str:
    """Returns a path that a browser takes for one of this server, whatever was asked for."""
    return "/" + path.lstrip("/\\") if path.isascii() and path.isprintable() else "/"
