import contextlib
import socket

import pytest

from device_agents.fleet.strangers import Strangers


@pytest.fixture
def pairs():
    """Pairs of connected sockets: the server's end, and that of whoever came."""
    with contextlib.ExitStack() as stack:

        def pair():
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(theirs).setblocking(False)
            return ours, theirs

        yield pair


def ended(theirs):
    try:
        return theirs.recv(1) == b""
    except BlockingIOError:
        return False


def test_where_there_are_too_many_the_first_makes_room(pairs):
    strangers = Strangers(2, 10.0)
    came = [pairs() for _ in range(4)]
    with contextlib.ExitStack() as stack:
        for ours, _ in came:
            stack.enter_context(strangers.visit(ours))
        assert [ended(theirs) for _, theirs in came] == [True, True, False, False]


def test_whoever_has_proven_itself_is_no_stranger_any_more(pairs):
    strangers = Strangers(1, 10.0)
    (friend, friends_end), (ours, theirs) = pairs(), pairs()
    with strangers.visit(friend) as proven:
        proven()
        with strangers.visit(ours):
            assert (ended(friends_end), ended(theirs)) == (False, False)


def test_whoever_went_makes_room(pairs):
    strangers = Strangers(1, 10.0)
    (first, first_end), (second, second_end) = pairs(), pairs()
    with strangers.visit(first):
        pass
    with strangers.visit(second):
        assert (ended(first_end), ended(second_end)) == (False, False)


def test_whoever_takes_too_long_is_sent_away(pairs):
    now_s = [0.0]
    strangers = Strangers(9, 10.0, clock=lambda: now_s[0])
    (early, early_end), (late, late_end) = pairs(), pairs()
    with strangers.visit(early):
        now_s[0] = 5.0
        with strangers.visit(late):
            now_s[0] = 10.5
            strangers.send_late_ones_away()
            assert (ended(early_end), ended(late_end)) == (True, False)


def test_a_connection_whose_descriptor_went_elsewhere_can_still_be_ended(pairs):
    strangers = Strangers(1, 10.0)
    (first, first_end), (second, _) = pairs(), pairs()
    with strangers.visit(first), socket.socket(fileno=first.detach()), strangers.visit(second):
        assert ended(first_end)
