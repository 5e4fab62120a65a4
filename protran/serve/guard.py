"""Who may read a page: whoever names this machine by a name that it has, and, where a token is asked for, knows it.

A page on the loopback is this machine's own. Still a web site could make a browser here ask for it, under a name of the
site's own that suddenly means 127.0.0.1: so only addresses and names of this machine are answered. A server that others
can reach wants a token, once, and gives the browser a cookie for it.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie


@dataclass(frozen=True)
class Guard:
    """What a request must show.

    Attributes:
        port: of the server; part of the cookie's name, since browsers send cookies to all ports of a host.
        token: what must be known; None where nobody else can reach the server.
        names: names of this machine, in small letters, beside `localhost` and any address.
        session: what the cookie holds: not the token, so that a stolen cookie is worth nothing to the next server.
    """

    port: int
    token: str | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie_name(self) -> str:
        """The name of the cookie."""
        return f"protran_{self.port}"

    @property
    def cookie(self) -> str:
        """The header that gives a browser its cookie: no script can read it, no other site can send it."""
        return f"{self.cookie_name}={self.session}; HttpOnly; SameSite=Strict; Path=/"

    def knows_host(self, header: str | None) -> bool:
        """Whether a Host header names this machine: an address of any kind, `localhost`, or one of `names`."""
        host = _host_of(header or "")
        if not host:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host == "localhost" or host in self.names
        return True  # to bend a name to this machine, one needs a name

    def is_token(self, given: str) -> bool:
        """Whether this is the token; how long the answer takes says nothing about it."""
        return self.token is not None and hmac.compare_digest(given.encode(), self.token.encode())

    def lets_in(self, cookies: str | None) -> bool:
        """Whether the cookies of a request are enough."""
        if self.token is None:
            return True
        try:
            found = SimpleCookie(cookies or "").get(self.cookie_name)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self.session.encode())


def own_names() -> frozenset[str]:
    """Returns the names that this machine goes by in its network."""
    name = socket.gethostname().lower()
    return frozenset({name, f"{name}.local", *_short([name])})


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _short(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _host_of(header: str) -> str:
    """Returns the host of a Host header without its port, in small letters; nothing for one that cannot be read."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.partition(":")
    return host.rstrip(".") if port == "" or port.isdecimal() else ""
