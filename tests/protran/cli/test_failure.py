from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from device_agents.errors import DeviceError, RequestError
from protran.cli import failure
from protran.errors import InputError, LedgerError
from search_spaces.errors import SpaceError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("bad"), 2),
        (SpaceError("bad"), 2),
        (RequestError("bad"), 2),
        (DeviceError("broken"), 1),
        (LedgerError("full"), 1),
        (OSError(28, "No space left on device", "runs/x"), 1),
        (MemoryError(), 1),
        (ZeroDivisionError("oh"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_exit_code_says_what_kind_of_failure_it_was(error: BaseException, code: int) -> None:
    assert failure.explain(error)[1] == code


def test_one_line_reaches_the_user_whatever_the_message_holds(capsys: pytest.CaptureFixture[str]) -> None:
    failure.report(InputError("first\nsecond \x1b[31mred [bold]x[/bold]"))
    assert capsys.readouterr().err == "protran: first second \\x1b[31mred [bold]x[/bold]\n"


def test_an_error_that_nobody_expected_names_its_type_and_how_to_see_more() -> None:
    text, _ = failure.explain(ZeroDivisionError("division by zero"))
    assert text == "unexpected ZeroDivisionError: division by zero; PROTRAN_DEBUG=1 shows where"


def test_the_traceback_is_shown_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PROTRAN_DEBUG", raising=False)
    failure.report(InputError("bad"))
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv("PROTRAN_DEBUG", "1")
    try:
        raise InputError("bad")
    except InputError as error:
        failure.report(error)
    assert "Traceback" in capsys.readouterr().err


def _interrupted(*_: Any, **__: Any) -> None:
    """What Ctrl-C does: a signal, which Python turns into KeyboardInterrupt in the main thread.

    Where the tests run in the background of a shell, the signal is ignored from the start: not here.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_interrupted_search_ends_with_130_and_one_line_that_says_that_it_can_go_on(
    run: Callable[..., Any], api: Any, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(api, "start_campaign", _interrupted)
    ran = run("search", "--name", "demo", *options)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "protran: interrupted; the same command continues where it stopped\n"


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (("profile", "bert-tiny"), "protran.api.profile"),
        (("space", "sample", "edge-small"), "search_spaces.sampling.sample"),
    ],
)
def test_an_interrupted_command_that_starts_anew_does_not_say_that_it_continues(
    run: Callable[..., Any], api: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], place: str
) -> None:
    module, _, name = place.rpartition(".")
    monkeypatch.setattr(sys.modules.get(module) or importlib.import_module(module), name, _interrupted)
    ran = run(*command)
    assert (ran.code, ran.out, ran.err) == (130, "", "protran: interrupted\n")
