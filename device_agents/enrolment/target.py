"""Where a device is reached by ssh: checked before it becomes part of a command."""

from __future__ import annotations

import re
from dataclasses import dataclass

from device_agents.errors import RequestError

_USER = r"[A-Za-z_][A-Za-z0-9_.-]{0,31}"
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"  # a name, an IPv4 address or an alias of the ssh configuration
_IPV6 = r"\[[0-9A-Fa-f:.]{2,45}\]"
_TARGET = re.compile(rf"(?P<user>{_USER})@(?:(?P<host>{_HOST})|(?P<ipv6>{_IPV6}))(?::(?P<port>[0-9]{{1,5}}))?")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1", re.IGNORECASE)


@dataclass(frozen=True)
class SshTarget:
    """A user on a host.

    Attributes:
        user: login name there.
        host: name or address, IPv6 without brackets.
        port: of the ssh server; None for what the ssh configuration says, 22 as a rule.
    """

    user: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}" + ("" if self.port is None else f":{self.port}")

    @property
    def destination(self) -> str:
        """What the ssh program takes as its destination; the port goes beside it."""
        return f"{self.user}@{self.host}"


def parse_target(text: str) -> SshTarget:
    """Returns the target that ``user@host[:port]`` names; an IPv6 address stands in brackets.

    Raises:
        RequestError: the text is something else, for example begins with a dash.
    """
    found = _TARGET.fullmatch(text)
    port = int(found["port"]) if found is not None and found["port"] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise RequestError(
            f"expected user@host or user@host:port (an IPv6 address in brackets), got {text!r}; name the user and the "
            f"host as in `ssh user@host`"
        )
    return SshTarget(found["user"], found["host"] or found["ipv6"][1:-1], port)


def is_loopback(host: str) -> bool:
    """Tells whether a host, without brackets, is the machine that names it."""
    return _LOOPBACK.fullmatch(host) is not None
