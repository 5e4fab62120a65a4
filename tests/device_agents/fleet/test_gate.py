import contextlib
import json
import socket
import threading
import time

import pytest
from fleet_parts import LOOPBACK, TOKEN, opened_gate

from device_agents.errors import DeviceError
from device_agents.fleet import gate as gate_module
from device_agents.fleet.gate import Gate
from device_agents.fleet.handshake import MAX_LINE_BYTES, Endpoint, ask, canonical, sealed


def connect(gate):
    connection = socket.create_connection((gate.host, gate.port), timeout=10.0)
    return connection, connection.makefile("rb")


def said(gate, line):
    """Returns what the gate says to a line, after its greeting."""
    connection, stream = connect(gate)
    with connection, stream:
        stream.readline()
        with contextlib.suppress(ConnectionError):
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            return stream.read()
    return b""


def sealed_question(challenge, **changes):
    content = {"protocol": 1, "verb": "hello", "body": {}, "nonce": "n", **changes}
    seal = sealed(TOKEN, "question", challenge, content["nonce"], content["verb"], canonical(content["body"]))
    return {"seal": seal, **content}


def line(content):
    return json.dumps(content).encode() + b"\n"


HOSTILE = {
    "oversized line": b"x" * (MAX_LINE_BYTES + 1) + b"\n",
    "not JSON": b"GET / HTTP/1.1\r\n",
    "no object": b"[1]\n",
    "no text": b"\xff\xfe\n",
    "no end": b'{"verb"',
    "nothing": b"",
    "nested too deep": b"[" * 100_000 + b"\n",
    "a body nested too deep": b'{"verb":"hello","nonce":"n","body":' + b'{"a":' * 960 + b"1" + b"}" * 961 + b"\n",
    "a body of no number": b'{"verb":"hello","nonce":"n","body":{"a":NaN}}\n',
    "a seal of no text": b'{"verb":"hello","nonce":"n","body":{},"seal":"\\ud800"}\n',
    "a very long number": b'{"verb":"hello","nonce":"n","body":{"a":' + b"9" * 10_000 + b"}}\n",
    "no seal": line({"protocol": 1, "verb": "hello", "body": {}, "nonce": "n"}),
    "another's seal": line(sealed_question("of another connection")),
    "other types": line({"protocol": 1, "verb": 1, "body": [], "nonce": None, "seal": {}}),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_not_answered_and_the_next_honest_question_is(hostile):
    asked = []
    with opened_gate(lambda verb, body: asked.append(verb) or {"well": True}) as gate:
        heard = said(gate, hostile)
        assert heard in (b"", line({"answer": {}, "seal": ""}).replace(b" ", b""))
        assert asked == []
        assert ask(gate, "hello", {}) == {"well": True}


def test_a_recorded_question_cannot_be_asked_again():
    asked = []
    with opened_gate(lambda verb, body: asked.append(verb) or {}) as gate:
        connection, stream = connect(gate)
        with connection, stream:
            recorded = line(sealed_question(json.loads(stream.readline())["challenge"]))
            connection.sendall(recorded)
            assert json.loads(stream.readline())["seal"]
        assert json.loads(said(gate, recorded)) == {"answer": {}, "seal": ""}
        assert asked == ["hello"]


def test_a_seal_does_not_fit_another_verb_or_body():
    with opened_gate() as gate:
        for change in ({"verb": "remove"}, {"body": {"name": "rpi4"}}, {"nonce": "m"}):
            connection, stream = connect(gate)
            with connection, stream:
                question = sealed_question(json.loads(stream.readline())["challenge"])
                connection.sendall(line({**question, **change}))
                assert json.loads(stream.readline()) == {"answer": {}, "seal": ""}


def test_a_hundred_connections_that_say_nothing_keep_nobody_out():
    with opened_gate() as gate, contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection((gate.host, gate.port), timeout=10.0))
        assert ask(gate, "hello", {}) == {}


def test_a_connection_that_says_nothing_is_ended(monkeypatch):
    monkeypatch.setattr(gate_module, "QUESTION_S", 0.05)
    with opened_gate() as gate:
        connection, stream = connect(gate)
        with connection, stream:
            assert stream.readline() and stream.readline() == b""


def test_a_connection_that_drips_is_ended_too(monkeypatch):
    monkeypatch.setattr(gate_module, "QUESTION_S", 0.2)
    with opened_gate() as gate:
        connection, stream = connect(gate)
        with connection, stream, pytest.raises(ConnectionError):
            for _ in range(1000):
                connection.sendall(b"x")
                time.sleep(0.01)


def test_a_question_that_takes_long_is_not_a_stranger(monkeypatch):
    monkeypatch.setattr(gate_module, "QUESTION_S", 0.05)
    with opened_gate(lambda verb, body: time.sleep(0.2) or {"done": True}) as gate:
        assert ask(gate, "admit", {}) == {"done": True}


def test_questions_are_answered_beside_each_other():
    both = threading.Barrier(2, timeout=10.0)
    with opened_gate(lambda verb, body: {"turn": both.wait() >= 0}) as gate:
        other = threading.Thread(target=ask, args=(gate, "hello", {}))
        other.start()
        assert ask(gate, "hello", {}) == {"turn": True}
        other.join()


@pytest.mark.parametrize(
    "error",
    [KeyError("name"), TypeError("no"), ValueError("no"), OverflowError("big"), AttributeError("no"), OSError("no")],
)
def test_a_question_that_the_controller_cannot_handle_is_told_so(error):
    def fail(verb, body):
        raise error

    with opened_gate(fail) as gate, pytest.raises(DeviceError, match="does not understand this hello"):
        ask(gate, "hello", {})


def test_another_protocol_is_refused_with_what_to_install():
    with opened_gate() as gate:
        connection, stream = connect(gate)
        with connection, stream:
            challenge = json.loads(stream.readline())["challenge"]
            connection.sendall(line(sealed_question(challenge, protocol=2)))
            assert "expected the fleet protocol 1, got 2" in json.loads(stream.readline())["answer"]["error"]


def test_a_port_that_is_taken_is_refused():
    with socket.create_server((LOOPBACK, 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(
            DeviceError, match=rf"cannot listen on {LOOPBACK}:{port} \(Address already in use\).*--port"
        ):
            Gate((LOOPBACK, port), TOKEN, lambda verb, body: {})


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(DeviceError, match="--bind"):
        Gate(("198.51.100.1", 0), TOKEN, lambda verb, body: {})


def test_with_tls_a_connection_that_never_shakes_hands_keeps_nobody_out(our_certificates, device_certificates):
    with opened_gate(tls=our_certificates) as gate, contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection((gate.host, gate.port), timeout=10.0))
        honest = Endpoint(gate.host, gate.port, TOKEN, device_certificates)
        assert ask(honest, "hello", {}) == {}
