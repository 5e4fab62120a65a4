"""One question and one answer between a device and its controller, both proven with the fleet's token.

The controller greets with a random challenge; the question carries a seal, an HMAC-SHA-256 (RFC 2104) over challenge,
nonce and content with the token as its key, and the answer is sealed over the nonce. So the token itself never travels
here, no recorded question can be asked again, and a device knows that it speaks with its own controller. Nothing is
encrypted: that is what TLS is for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from device_agents.errors import DeviceError
from device_agents.fleet.tls import TlsFiles

PROTOCOL = 1
MAX_LINE_BYTES = 262_144
CONNECT_S = 5.0
GREETING_S = 5.0
ANSWER_S = 20.0


@dataclass(frozen=True)
class Endpoint:
    """Where a controller's gate is, and what proves that one may ask.

    Attributes:
        host: name or address.
        port: the gate's port.
        token: the fleet's secret.
        tls: certificates, where the fleet speaks TLS.
    """

    host: str
    port: int
    token: str
    tls: TlsFiles | None = None

    def __repr__(self) -> str:
        return f"Endpoint({self.host}:{self.port})"  # without the secret


class GateClosed(DeviceError):
    """The controller cannot be reached now; it may be later."""


def ask(gate: Endpoint, verb: str, body: Mapping[str, Any], *, answer_s: float = ANSWER_S) -> dict[str, Any]:
    """Returns the controller's answer to one question.

    Args:
        gate: whom to ask.
        verb: what to do.
        body: JSON object.
        answer_s: how long the answer may take.

    Raises:
        GateClosed: nobody answers there.
        DeviceError: the token is wrong, one side speaks TLS and the other does not, or the question is refused.
    """
    place = f"{gate.host}:{gate.port}"
    try:
        with socket.create_connection((gate.host, gate.port), timeout=CONNECT_S) as plain:
            plain.settimeout(GREETING_S)
            with _wrapped(plain, gate, place) as connection, connection.makefile("rwb") as stream:
                return _exchange(connection, cast(BinaryIO, stream), gate, (verb, dict(body)), answer_s)
    except (OSError, UnicodeError) as error:  # the second for what cannot be a host's name
        reason = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
        raise GateClosed(
            f"cannot reach the controller at {place} ({reason}); start it with `protran fleet start --bind ADDRESS`, "
            f"and open its ports in the firewall between"
        ) from error


def _wrapped(plain: socket.socket, gate: Endpoint, place: str) -> socket.socket:
    if gate.tls is None:
        return plain
    try:
        return gate.tls.client_context().wrap_socket(plain, server_hostname=gate.host)
    except (ssl.SSLError, TimeoutError, ConnectionError) as error:
        raise DeviceError(
            f"the controller at {place} does not speak TLS with these certificates ({error}); leave --tls out if the "
            f"fleet was started without it, else compare the authorities"
        ) from error


def _exchange(
    connection: socket.socket, stream: BinaryIO, gate: Endpoint, question: tuple[str, dict[str, Any]], answer_s: float
) -> dict[str, Any]:
    try:
        greeting = read_object(stream)
    except (TimeoutError, ValueError, ConnectionError, ssl.SSLError) as error:
        if gate.tls is not None and isinstance(error, (ConnectionError, ssl.SSLError)):
            raise DeviceError(
                f"the controller at {gate.host}:{gate.port} does not accept the certificate in {gate.tls.folder} "
                f"({error}); compare the authorities"
            ) from error
        raise DeviceError(
            f"what listens at {gate.host}:{gate.port} does not greet as a ProTran controller does; if the fleet speaks "
            f"TLS pass --tls, else check host and port"
        ) from error
    nonce = secrets.token_hex(16)
    verb, body = question
    seal = sealed(gate.token, "question", greeting.get("challenge", ""), nonce, verb, canonical(body))
    write_object(stream, {"protocol": PROTOCOL, "verb": verb, "body": body, "nonce": nonce, "seal": seal})
    connection.settimeout(answer_s)
    try:
        reply = read_object(stream)
        proven = matches(reply.get("seal"), sealed(gate.token, "answer", nonce, canonical(reply.get("answer"))))
    except TimeoutError as error:
        raise DeviceError(
            f"the controller at {gate.host}:{gate.port} did not answer within {answer_s:g} s; ask again"
        ) from error
    except ValueError as error:
        raise DeviceError(
            f"the controller at {gate.host}:{gate.port} closed the connection ({error}); ask again"
        ) from error
    if not proven:
        raise DeviceError(
            f"the token is not that of the fleet at {gate.host}:{gate.port}; copy it from the controller, where "
            f"`protran fleet token` prints it"
        )
    answer: dict[str, Any] = reply["answer"]
    if "error" in answer:
        raise DeviceError(str(answer["error"]))
    return answer


def sealed(token: str, *parts: str) -> str:
    """Returns the seal over some texts. Source: RFC 2104, with SHA-256; the parts are joined as a JSON list."""
    return hmac.new(token.encode(), json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def matches(seal: object, expected: str) -> bool:
    """Tells whether a seal is the expected one, in a time that does not tell how much of it is right."""
    return isinstance(seal, str) and hmac.compare_digest(seal.encode(errors="replace"), expected.encode())


def canonical(content: object) -> str:
    """Returns the one JSON text of some content. Raises `ValueError` where it has none."""
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except RecursionError as error:
        raise ValueError("expected JSON, got something that is nested too deep") from error


def read_object(stream: BinaryIO) -> dict[str, Any]:
    """Returns the JSON object on the next line.

    Raises:
        ValueError: the line ends early, is too long, or holds something else.
        TimeoutError: it does not come.
    """
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise ValueError("expected a line of JSON, the connection ended or the line is too long")
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("expected a JSON object, got one that is nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("expected a JSON object")
    return found


def write_object(stream: BinaryIO, content: Mapping[str, Any]) -> None:
    """Writes one JSON object and the end of its line."""
    stream.write(canonical(content).encode() + b"\n")
    stream.flush()
