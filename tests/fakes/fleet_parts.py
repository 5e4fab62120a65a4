"""Parts of a fleet for tests: a gate on a free port of the loopback, an applicant, certificates."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time

from device_agents.fleet.gate import Gate
from device_agents.fleet.handshake import Endpoint
from device_agents.fleet.registry import Enrolled
from device_agents.fleet.software import own_software

TOKEN = "t" * 32
LOOPBACK = "127.0.0.1"


def free_port():
    with socket.create_server((LOOPBACK, 0)) as server:
        return server.getsockname()[1]


def free_span(length):
    """Returns the first of `length` ports in a row that are free now, outside the range of outgoing connections."""
    for first in range(21_000, 31_000, length):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + length):
                    stack.enter_context(socket.create_server((LOOPBACK, port)))
            except OSError:
                continue
            return first
    raise OSError("no free ports")


@contextlib.contextmanager
def opened_gate(answer=lambda verb, body: {}, token=TOKEN, tls=None):
    """Yields the endpoint of a gate that answers on the loopback."""
    with Gate((LOOPBACK, 0), token, answer, tls) as gate:
        thread = threading.Thread(target=gate.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Endpoint(LOOPBACK, gate.server_address[1], token, tls)
        finally:
            gate.shutdown()
            thread.join()


@contextlib.contextmanager
def listener(serve):
    """Yields the endpoint of what `serve(connection)` does with the connections that come, one after the other."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(10.0)
                        serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield Endpoint(LOOPBACK, server.getsockname()[1], TOKEN)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def preflight_body(name="rpi4", identity="one", **changes):
    """Returns what a device asks first: it has the controller's software and clock."""
    device = Enrolled(
        name, identity, LOOPBACK, agent={"kind": "local", "options": {}}, software=own_software(), boot="boot 1"
    ).to_json()
    body = {"device": device, "clock_s": time.time(), "port": 6420, "word": "word"}
    body["device"].update({key: value for key, value in changes.items() if key in device})
    body.update({key: value for key, value in changes.items() if key in ("clock_s", "port", "word")})
    return body


def make_certificates(folder, authority=None):
    """Makes the files of one machine with the openssl program, of the authority in another folder if given."""
    folder.mkdir()
    if authority is None:
        _openssl(folder, "req", "-x509", *_NEW_KEY, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=authority")
    else:
        for name in ("ca.pem", "ca-key.pem"):
            shutil.copy(authority / name, folder)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    _openssl(folder, "req", *_NEW_KEY, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=machine")
    signed = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "names")
    _openssl(folder, "x509", "-req", "-in", "request.pem", *signed, "-out", "cert.pem", "-days", "30")
    return folder


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
