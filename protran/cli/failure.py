"""How a command ends when something is wrong: one line on standard error, and an exit code that says what kind."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from typer.exceptions import TyperException

from protran.cli.terminal import harmless
from protran.errors import ProTranError

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
DEBUG = "PROTRAN_DEBUG"
_OURS = frozenset({"protran", "search_spaces", "device_agents", "surrogates"})


class ResumableInterrupt(ProTranError):
    """An interrupt of a command that continues where it stopped when it is given again."""

    exit_code: ClassVar[int] = INTERRUPTED


@contextmanager
def resumable() -> Iterator[None]:
    """Says of an interrupt inside the context that nothing is lost.

    Raises:
        ResumableInterrupt: instead of `KeyboardInterrupt`.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise ResumableInterrupt("interrupted; the same command continues where it stopped") from error


def report(error: BaseException) -> int:
    """Writes one line about `error`, or one for each of its `failures`, to standard error and returns the exit code.

    With ``PROTRAN_DEBUG=1`` in the environment the traceback is written too.
    """
    if os.environ.get(DEBUG, "") not in ("", "0"):
        traceback.print_exception(error)
    text, code = explain(error)
    for line in getattr(error, "failures", None) or [text]:
        if line:
            sys.stderr.write(f"protran: {harmless(line)}\n")
    return code


def explain(error: BaseException) -> tuple[str, int]:
    """Returns the sentence for the user (empty where the help was shown instead) and the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    if isinstance(error, TyperException):
        return _usage(error), error.exit_code
    if isinstance(error, ProTranError):
        return _sentence(error), error.exit_code
    if type(error).__module__.partition(".")[0] in _OURS:
        return _sentence(error), BAD_INPUT if isinstance(error, ValueError) else FAILED
    return _foreign(error), FAILED


def _usage(error: TyperException) -> str:
    """Returns what is wrong with the command line, and the help to read."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "protran"
    return f"{message}; see {command} --help" if message else ""


def _foreign(error: BaseException) -> str:
    """Returns the sentence for an error that is none of ours."""
    if isinstance(error, OSError):
        return f"{error.strerror or _sentence(error)}{f': {error.filename}' if error.filename else ''}"
    if isinstance(error, MemoryError):
        return "out of memory; close other programs or choose a smaller model"
    return f"unexpected {type(error).__name__}: {_sentence(error)}; {DEBUG}=1 shows where"


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
