import contextlib
import socket

import pytest
from fleet_parts import LOOPBACK, free_port, listener

from device_agents.errors import DeviceError
from device_agents.fleet import reach
from device_agents.fleet.reach import answering, way_back


def test_a_device_that_answers_with_its_word_is_reached_as_often_as_asked():
    port = free_port()
    with answering(LOOPBACK, port) as word:
        assert [way_back(LOOPBACK, port, word) for _ in range(3)] == ["", "", ""]


def test_no_two_words_are_the_same():
    port = free_port()
    with answering(LOOPBACK, port) as one:
        pass
    with answering(LOOPBACK, port) as other:
        assert one != other


def test_afterwards_nobody_answers_and_the_port_is_free():
    port = free_port()
    with answering(LOOPBACK, port) as word:
        pass
    assert "Connection refused" in way_back(LOOPBACK, port, word)
    socket.create_server((LOOPBACK, port)).close()


def test_another_machine_at_the_address_is_told_apart():
    port = free_port()
    with answering(LOOPBACK, port):
        assert "somebody else answers" in way_back(LOOPBACK, port, "f" * 32)


@pytest.mark.parametrize("word", ["", "ü"])
def test_a_word_that_proves_nothing_is_not_taken(word):
    with listener(lambda connection: None) as place:
        assert "somebody else answers" in way_back(place.host, place.port, word)


def test_whoever_accepts_and_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(reach, "TIMEOUT_S", 0.05)
    with listener(lambda connection: connection.recv(1)) as place:
        assert "no answer in time" in way_back(place.host, place.port, "word")


def test_an_address_without_a_machine_is_given_up_within_the_timeout(monkeypatch):
    monkeypatch.setattr(reach, "TIMEOUT_S", 0.05)  # 198.51.100.0/24 is for examples (RFC 5737)
    reason = way_back("198.51.100.1", 6420, "word")
    assert "cannot reach 198.51.100.1:6420" in reason and "--address" in reason


@pytest.mark.parametrize(
    ("address", "port"), [("a..b", 6420), ("", 0), (LOOPBACK, 70_000), ("no-such-host.invalid", 1)]
)
def test_what_is_no_address_is_not_reached(address, port):
    assert "cannot reach" in way_back(address, port, "word")


def test_a_port_that_is_taken_is_refused_with_the_option_that_chooses_others():
    with socket.create_server((LOOPBACK, 0)) as holder:
        port = holder.getsockname()[1]
        with (
            pytest.raises(DeviceError, match=rf"port {port} .*\(Address already in use\).*--port"),
            answering(LOOPBACK, port),
        ):
            pass


def test_a_caller_that_breaks_off_does_not_end_the_answering():
    port = free_port()
    with answering(LOOPBACK, port) as word:
        for _ in range(3):
            with contextlib.suppress(OSError):
                socket.create_connection((LOOPBACK, port), timeout=5.0).close()
        assert way_back(LOOPBACK, port, word) == ""
