import json
import subprocess
import sys

import pytest
from fleet_parts import LOOPBACK, TOKEN, free_port, listener, opened_gate
from hypothesis import given
from hypothesis import strategies as st

from device_agents.errors import DeviceError
from device_agents.fleet import handshake
from device_agents.fleet.handshake import Endpoint, GateClosed, ask, canonical, matches, sealed

GREETING = b'{"challenge":"c","protran":1}\n'


def question(connection):
    """Greets, and returns the question that comes."""
    connection.sendall(GREETING)
    with connection.makefile("rb") as stream:
        return json.loads(stream.readline())


def reply(connection, answer, seal):
    connection.sendall(json.dumps({"answer": answer, "seal": seal}).encode() + b"\n")


def test_a_question_is_answered():
    with opened_gate(lambda verb, body: {"verb": verb, **body}) as gate:
        assert ask(gate, "hello", {"n": 1, "text": "ü"}) == {"verb": "hello", "n": 1, "text": "ü"}


def test_a_refusal_arrives_as_the_sentence_that_it_is():
    def refuse(verb, body):
        raise DeviceError("not today")

    with opened_gate(refuse) as gate, pytest.raises(DeviceError, match=r"^not today$"):
        ask(gate, "hello", {})


def test_a_wrong_token_is_refused_with_where_to_get_the_right_one():
    with (
        opened_gate() as gate,
        pytest.raises(DeviceError, match=r"token is not that of the fleet.*protran fleet token"),
    ):
        ask(Endpoint(gate.host, gate.port, "w" * 32), "hello", {})


def test_the_token_itself_never_travels():
    heard = []

    def serve(connection):
        connection.sendall(GREETING)
        heard.append(connection.recv(100_000))

    with listener(serve) as gate, pytest.raises(DeviceError):
        ask(gate, "hello", {})
    assert b'"verb":"hello"' in heard[0] and TOKEN.encode() not in heard[0]


def test_the_secret_does_not_show_in_a_traceback():
    assert TOKEN not in repr(Endpoint(LOOPBACK, 6377, TOKEN))


def test_where_nobody_listens_the_gate_is_closed():
    with pytest.raises(GateClosed, match=r"Connection refused.*protran fleet start"):
        ask(Endpoint(LOOPBACK, free_port(), TOKEN), "hello", {})


@pytest.mark.parametrize("host", ["a..b", "a" * 64, "no-such-host.invalid"])
def test_a_host_that_cannot_be_found_is_a_closed_gate(host):
    with pytest.raises(GateClosed, match="cannot reach the controller"):
        ask(Endpoint(host, 6377, TOKEN), "hello", {})


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"[]\n", b"\xff\n", b"[" * 5000 + b"\n"]
)
def test_what_greets_in_another_way_is_no_controller(greeting):
    with (
        listener(lambda connection: connection.sendall(greeting)) as gate,
        pytest.raises(DeviceError, match="does not greet as a ProTran controller does"),
    ):
        ask(gate, "hello", {})


def test_what_does_not_greet_at_all_is_no_controller(monkeypatch):
    monkeypatch.setattr(handshake, "GREETING_S", 0.05)
    with (
        listener(lambda connection: connection.recv(1)) as gate,
        pytest.raises(DeviceError, match=r"if the fleet speaks TLS pass --tls"),
    ):
        ask(gate, "hello", {})


def test_an_answer_of_somebody_who_does_not_know_the_token_is_not_believed():
    def serve(connection):
        question(connection)
        reply(connection, {"ray_port": 1}, sealed("w" * 32, "answer", "n", "{}"))

    with listener(serve) as gate, pytest.raises(DeviceError, match="token is not that of the fleet"):
        ask(gate, "hello", {})


def test_the_answer_to_another_question_is_not_believed():
    def serve(connection):
        question(connection)
        reply(connection, {}, sealed(TOKEN, "answer", "another nonce", "{}"))

    with listener(serve) as gate, pytest.raises(DeviceError, match="token is not that of the fleet"):
        ask(gate, "hello", {})


def test_the_seal_of_a_question_does_not_seal_an_answer():
    def serve(connection):
        reply(connection, {}, question(connection)["seal"])

    with listener(serve) as gate, pytest.raises(DeviceError, match="token is not that of the fleet"):
        ask(gate, "hello", {})


@pytest.mark.parametrize("said", [b"", b"no JSON\n", b'{"answer":NaN,"seal":""}\n', b'{"answer":1e999,"seal":""}\n'])
def test_a_connection_that_breaks_off_is_to_be_asked_again(said):
    def serve(connection):
        question(connection)
        connection.sendall(said)

    with listener(serve) as gate, pytest.raises(DeviceError, match=r"closed the connection.*ask again"):
        ask(gate, "hello", {})


def test_a_seal_that_is_no_text_at_all_is_not_believed():
    def serve(connection):
        question(connection)
        connection.sendall(b'{"answer":{},"seal":"\\ud800"}\n')

    with listener(serve) as gate, pytest.raises(DeviceError, match="token is not that of the fleet"):
        ask(gate, "hello", {})


def test_an_answer_that_takes_too_long_does_not_mean_that_the_controller_is_away():
    def serve(connection):
        question(connection)
        connection.recv(1)

    with listener(serve) as gate, pytest.raises(DeviceError, match=r"did not answer within 0\.05 s") as late:
        ask(gate, "check", {}, answer_s=0.05)
    assert not isinstance(late.value, GateClosed)


def test_a_controller_that_speaks_tls_is_asked_with_tls(our_certificates, device_certificates):
    with opened_gate(lambda verb, body: {"verb": verb}, tls=our_certificates) as gate:
        assert ask(Endpoint(gate.host, gate.port, TOKEN, device_certificates), "hello", {}) == {"verb": "hello"}


def test_asking_with_tls_where_there_is_none_is_refused_with_what_to_leave_out(device_certificates):
    with opened_gate() as gate, pytest.raises(DeviceError, match=r"does not speak TLS.*leave --tls out"):
        ask(Endpoint(gate.host, gate.port, TOKEN, device_certificates), "hello", {})


def test_asking_without_tls_where_there_is_some_is_refused_with_what_to_pass(our_certificates, monkeypatch):
    monkeypatch.setattr(handshake, "GREETING_S", 0.1)
    with opened_gate(tls=our_certificates) as gate, pytest.raises(DeviceError, match="speaks TLS pass --tls"):
        ask(Endpoint(gate.host, gate.port, TOKEN), "hello", {})


def test_a_certificate_of_another_authority_is_refused_on_both_sides(our_certificates, other_certificates):
    with opened_gate(tls=our_certificates) as gate, pytest.raises(DeviceError, match="compare the authorities"):
        ask(Endpoint(gate.host, gate.port, TOKEN, other_certificates), "hello", {})


def test_a_controller_refuses_a_certificate_that_its_authority_did_not_sign(
    our_certificates, other_certificates, tmp_path
):
    for name, source in (
        ("cert.pem", other_certificates),
        ("key.pem", other_certificates),
        ("ca.pem", our_certificates),
    ):
        (tmp_path / name).write_bytes((source.folder / name).read_bytes())
    stranger = type(our_certificates)(tmp_path)  # trusts the controller, which does not trust it
    with (
        opened_gate(tls=our_certificates) as gate,
        pytest.raises(DeviceError, match=r"does not accept the certificate|closed the connection|cannot reach"),
    ):
        ask(Endpoint(gate.host, gate.port, TOKEN, stranger), "hello", {})


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_seals_are_the_same_for_the_same_parts_only(one, other):
    assert matches(sealed(TOKEN, *one), sealed(TOKEN, *other)) == (one == other)


@pytest.mark.parametrize("seal", [None, 3, "", ["x"], "ü"])
def test_what_is_no_seal_does_not_match(seal):
    assert not matches(seal, sealed(TOKEN, "question"))


def test_one_content_has_one_text_whatever_its_order():
    assert canonical({"b": 1, "a": [2]}) == canonical({"a": [2], "b": 1}) == '{"a":[2],"b":1}'


def test_gate_and_control_import_neither_ray_nor_torch():
    modules = "handshake, gate, gatekeeper, controller, control, join, reach, fleet_session"
    loaded = "print([name for name in ('ray', 'torch') if name in sys.modules])"
    script = f"import sys\nfrom device_agents.fleet import {modules}\n{loaded}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
