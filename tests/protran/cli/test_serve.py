from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invented_campaign import run_invented

from protran.serve.server import PageServer

Run = Callable[..., Any]


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is interrupted as soon as it serves."""

    def serve_forever(self: PageServer, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PageServer, "serve_forever", serve_forever)


@pytest.fixture
def runs(tmp_path: Path) -> str:
    run_invented(tmp_path, jobs=1)
    return str(tmp_path)


def test_it_says_where_the_page_is_and_an_interrupt_ends_it(run: Run, runs: str, interrupted: None) -> None:
    ran = run("serve", "invented", "--runs", runs, "--port", "0")
    assert ran.code == 0
    assert "invented: http://127.0.0.1:" in ran.out
    assert "token" not in ran.out
    assert ran.err == "the page is served no more\n"


def test_the_json_is_one_object(run: Run, runs: str, interrupted: None) -> None:
    ran = run("serve", "--all", "--runs", runs, "--port", "0", "--json")
    told = json.loads(ran.out)
    assert (told["campaign"], told["token_required"]) == (None, False)


def test_an_open_address_asks_for_a_new_token(run: Run, runs: str, interrupted: None) -> None:
    told = json.loads(run("serve", "--all", "--runs", runs, "--port", "0", "--bind", "0.0.0.0", "--json").out)
    assert told["token_required"]
    assert len(told["url"].partition("?token=")[2]) > 40


def test_a_kept_token_is_the_same_again(run: Run, runs: str, interrupted: None, tmp_path: Path) -> None:
    path = tmp_path / "token"
    urls = [
        json.loads(run("serve", "--all", "--runs", runs, "--port", "0", "--token-file", str(path), "--json").out)["url"]
        for _ in range(2)
    ]
    tokens = [url.partition("?token=")[2] for url in urls]
    assert tokens[0] == tokens[1] == path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


BAD = [[], ["invented", "--all"], ["other"], ["invented", "--bind", "nowhere"], ["invented", "--port", "99999"]]


@pytest.mark.parametrize("arguments", BAD)
def test_bad_input_is_one_line(run: Run, runs: str, arguments: list[str]) -> None:
    ran = run("serve", *arguments, "--runs", runs)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
