from __future__ import annotations

import pytest

from protran.serve.guard import Guard, is_loopback, own_names


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765", "192.168.1.5:9000", "box", "Box.local:80", "box."],
)
def test_an_address_or_a_name_of_this_machine_is_answered(host: str) -> None:
    assert Guard(8765, names=frozenset({"box", "box.local"})).knows_host(host)


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "127.0.0.1.evil.example:8765", "localhost.evil", "a:b:c", "[", "::1x"]
)
def test_any_other_name_is_not(host: str | None) -> None:
    assert not Guard(8765, names=frozenset({"box"})).knows_host(host)


def test_without_a_token_everybody_comes_in_and_no_text_is_a_token() -> None:
    guard = Guard(8765)
    assert guard.lets_in(None)
    assert not guard.is_token("")


def test_with_a_token_only_the_cookie_of_this_server_comes_in() -> None:
    guard = Guard(8765, "secret-token-of-mine")
    assert guard.is_token("secret-token-of-mine")
    assert not guard.is_token("secret-token-of-min\u00e9")
    given = guard.cookie.partition(";")[0]
    assert guard.lets_in(f"other=1; {given}")
    for cookies in (
        None,
        "",
        "protran_8765=wrong",
        f"protran_1={guard.session}",
        "protran_8765=secret-token-of-mine",
        "=;=\x00",
    ):
        assert not guard.lets_in(cookies)
    assert not Guard(8765, "secret-token-of-mine").lets_in(given)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    assert "HttpOnly" in Guard(1, "t").cookie
    assert "SameSite=Strict" in Guard(1, "t").cookie


def test_only_the_loopback_needs_no_token() -> None:
    assert [is_loopback(item) for item in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.5", "box")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_this_machines_names_are_small_letters() -> None:
    assert all(name == name.lower() for name in own_names())
