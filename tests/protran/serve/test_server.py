"""The server over real sockets: who is answered, and what."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from invented_campaign import LONG, make_hostile, run_invented

from device_agents.errors import DeviceError
from protran.errors import InputError, UnknownCampaignError
from protran.ledger.place import place_of
from protran.serve.errors import ServeError
from protran.serve.fleet_state import FleetState
from protran.serve.server import MOST_CONNECTIONS, PageServer

Ask = Callable[..., tuple[HTTPResponse, bytes]]
TOKEN = "a-token-that-nobody-guesses"


def no_fleet() -> dict[str, Any]:
    raise DeviceError("no fleet here")


@contextmanager
def served(path: Path, name: str | None = "invented", **options: Any) -> Iterator[PageServer]:
    server = PageServer(place_of(path), name, port=0, fleet=FleetState(no_fleet), **options)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def ask(server: PageServer, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_invented(tmp_path_factory.mktemp("served"), jobs=20)


@pytest.fixture(scope="module")
def server(finished: Path) -> Iterator[PageServer]:
    with served(finished) as running:
        yield running


def test_the_page_comes_with_careful_headers(server: PageServer) -> None:
    answer, body = ask(server, "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_document_that_has_not_changed_is_not_sent_again(server: PageServer) -> None:
    first, body = ask(server, "/campaign/1/document.json")
    assert json.loads(body)["campaign"]["name"] == "invented"
    again, nothing = ask(server, "/campaign/1/document.json", If_None_Match=first.headers["ETag"])
    assert (again.status, nothing) == (304, b"")
    assert ask(server, "/campaign/1/document.json", If_None_Match='"other"')[0].status == 200


def test_a_campaign_that_another_process_goes_on_with_is_told_anew(tmp_path: Path) -> None:
    path = run_invented(tmp_path, jobs=12)
    with served(path) as running:
        before, _ = ask(running, "/campaign/1/document.json")
        with sqlite3.connect(path) as connection:
            connection.execute("update campaigns set phase = 'done', updated_at = '2030-01-01T00:00:00+00:00'")
        running.RequestHandlerClass.answers._documents._clock = lambda: 1e9
        after, body = ask(running, "/campaign/1/document.json", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert json.loads(body)["campaign"]["done"]


def test_the_fleet_is_told(server: PageServer) -> None:
    _, body = ask(server, "/fleet.json")
    assert json.loads(body) == {"running": False, "reason": "No fleet here.", "devices": []}


@pytest.mark.parametrize(
    "path",
    ["/../etc/passwd", "/campaign/1/../../x", "/campaign/99/", "/campaign/-1/", "/campaign/1", "/campaign/9999999999/",
     "/report.html", "//etc/passwd", "/document.json", "/campaign/%31/", "/ledger.sqlite", "/?x=<script>/y"],
)  # fmt: skip
def test_no_other_path_leads_anywhere(server: PageServer, path: str) -> None:
    answer, body = ask(server, path)
    if path.startswith("/?"):
        assert answer.status == 200
    else:
        assert answer.status == 404
        assert b"etc" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
def test_only_get_is_answered(server: PageServer, method: str) -> None:
    answer, _ = ask(server, "/", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def test_a_foreign_name_is_refused_whatever_it_resolves_to(server: PageServer) -> None:
    answer, body = ask(server, "/", Host="rebound.example")
    assert answer.status == 403
    assert b"demo" not in body


def test_a_request_that_is_too_long_is_refused(server: PageServer) -> None:
    assert ask(server, "/", X_Long="x" * 20_000)[0].status == 431


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b""])
def test_what_is_no_http_harms_nothing(server: PageServer, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert ask(server, "/fleet.json")[0].status == 200


def test_too_many_connections_at_once_are_sent_away(server: PageServer) -> None:
    held = [socket.create_connection(("127.0.0.1", server.server_address[1])) for _ in range(MOST_CONNECTIONS + 4)]
    try:
        told = b""
        for connection in held[::-1]:
            connection.settimeout(5)
            try:
                told = connection.recv(100)
            except (TimeoutError, ConnectionError):
                continue
            if told:
                break
        assert told.startswith(b"HTTP/1.0 503")
    finally:
        for connection in held:
            connection.close()
    while ask(server, "/fleet.json")[0].status != 200:
        pass


def test_others_need_the_token_once_and_then_have_a_cookie(finished: Path) -> None:
    with served(finished, token=TOKEN) as running:
        assert running.url.endswith(f"/?token={TOKEN}")
        assert ask(running, "/")[0].status == 401
        assert ask(running, "/fleet.json")[0].status == 401
        assert ask(running, "/?token=wrong")[0].status == 401
        opened, _ = ask(running, f"/?token={TOKEN}")
        assert (opened.status, opened.headers["Location"]) == (303, "/")
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        assert TOKEN not in cookie
        assert ask(running, "/", Cookie=cookie)[0].status == 200
        assert ask(running, "/", Cookie=cookie + "x")[0].status == 401


def test_the_way_on_from_the_token_never_leads_to_another_server(finished: Path) -> None:
    with served(finished, token=TOKEN) as running:
        answer, _ = ask(running, f"//evil.example/?token={TOKEN}")
        assert not answer.headers["Location"].startswith("//")
        assert answer.headers["Location"].startswith("/")


def test_an_address_that_others_reach_is_refused_without_a_token(finished: Path) -> None:
    with pytest.raises(InputError, match="token"):
        PageServer(place_of(finished), "invented", bind="0.0.0.0", port=0)


def test_a_port_in_use_is_one_sentence(server: PageServer, finished: Path) -> None:
    with pytest.raises(ServeError, match="is in use"):
        PageServer(place_of(finished), "invented", port=server.server_address[1])


@pytest.mark.parametrize("bind", ["example.org", "999.1.1.1", "", "../x"])
def test_what_is_no_address_is_refused(finished: Path, bind: str) -> None:
    with pytest.raises(InputError, match="address"):
        PageServer(place_of(finished), "invented", bind=bind, port=0, token=TOKEN)


def test_an_unknown_campaign_is_refused_at_once(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownCampaignError):
        PageServer(place_of(finished), "other", port=0)
    with pytest.raises(UnknownCampaignError):
        PageServer(place_of(tmp_path / "ledger.sqlite"), "other", port=0)


def test_all_campaigns_are_listed_with_their_hostile_names(tmp_path: Path) -> None:
    make_hostile(tmp_path)
    path = run_invented(tmp_path, jobs=2)
    with sqlite3.connect(path) as connection:
        parts = "seed, phase, created_at, updated_at from campaigns where id = 1"
        connection.execute(f"insert into campaigns select 99, 'broken', '{{}}', {parts}")
    with served(path, None) as running:
        _, body = ask(running, "/document.json")
        listed = {campaign["name"]: campaign for campaign in json.loads(body)["campaigns"]}
        assert listed["invented"]["url"] == "/campaign/2/"
        assert listed[LONG]["url"] == "/campaign/1/"
        assert "cannot be read" in listed["broken"]["error"]
        page, text = ask(running, "/campaign/1/")
        assert page.status == 200
        assert b"<script>window.stolen" not in text
        assert ask(running, "/campaign/99/")[0].status == 503


def test_a_folder_without_campaigns_is_an_empty_list(tmp_path: Path) -> None:
    with served(tmp_path / "ledger.sqlite", None) as running:
        _, body = ask(running, "/document.json")
        assert json.loads(body)["campaigns"] == []
        assert ask(running, "/")[0].status == 200
