"""The client's hold on one server process: start it, ask it, end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any

from device_agents.isolation.failure import FailureKind, JobFailed
from device_agents.isolation.pipes import LineReader, LineTooLong, write_all

START_S = 180.0
"""A start imports torch: 2 s on an idle desktop machine, a minute on a small board that is busy."""

_GRACE_S = 5.0
"""The server keeps the time limit; only if it is silent for this long after it does the client end the server."""

_FAREWELL_S = 1.0
"""How long a server may take to end its job and itself when told to."""

_TAIL_BYTES = 2000

_PROGRAM = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "from device_agents.isolation.server import serve; serve(sys.argv[1:])"
)
"""Starts the server without the current folder on the path: `PYTHONSAFEPATH` means nothing to Python 3.10, and a file
of the user's folder must not shadow a module of the library."""


class ServerGone(Exception):
    """The server ended before it took a request: nothing was begun, so the request may go to a new server."""


class ServerProcess:
    """One running server; not thread-safe.

    Args:
        python: interpreter of the server.
        entry: what it imports.
        environment: of the process that is started here.
        link: command that starts the server elsewhere, with the descriptors ``0 1``, and connects it with its own
            standard input and output; `python` is not used then.
    """

    def __init__(
        self, python: str, entry: str, environment: Mapping[str, str], *, link: Sequence[str] | None = None
    ) -> None:
        self._entry = entry
        self._ready = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        request_end, self._request_fd = os.pipe()
        reply_fd, reply_end = os.pipe()
        self._replies = LineReader(reply_fd)
        os.set_blocking(self._request_fd, False)
        fds = (self._request_fd, reply_fd)
        local = [python, "-c", _PROGRAM, entry, str(request_end), str(reply_end)]
        try:
            self._process = subprocess.Popen(
                local if link is None else list(link),
                stdin=subprocess.DEVNULL if link is None else request_end,
                stdout=subprocess.DEVNULL if link is None else reply_end,
                stderr=self._errors,
                env=dict(environment),
                pass_fds=(request_end, reply_end) if link is None else (),
                start_new_session=True,  # an interrupt at the terminal is for the client, which then closes the server
            )
        except OSError as error:
            _close(fds, self._errors)
            raise JobFailed(FailureKind.LOST, _not_started(python, link, error)) from error
        finally:
            os.close(request_end)
            os.close(reply_end)
        self._finalizer = weakref.finalize(self, _release, self._process, fds, self._errors)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code of the process that was started here, negative for a signal; None while it runs."""
        return self._process.poll()

    def alive(self) -> bool:
        """Tells whether the server still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Waits until the entry is imported.

        Raises:
            JobFailed: the entry cannot be imported, or the server ended or is not ready in time.
        """
        if self._ready:
            return
        reply = self._reply(START_S, f"lost: the warm process did not get ready within {START_S:g} s")
        if reply is None:
            raise self._lost()
        if "ready" not in reply:
            self.end()  # it is about to end by itself; the next call shall find it gone
            raise _job_failed(reply)
        self._ready = True

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the job's result.

        Raises:
            JobFailed: the job has none.
            ServerGone: the server had ended before it could take the request.
        """
        limit_s = float(request["time_s"]) + _GRACE_S
        line = json.dumps(request, allow_nan=False).encode() + b"\n"
        try:
            write_all(self._request_fd, line, time.monotonic() + limit_s)
        except BrokenPipeError as error:
            raise ServerGone from error
        except TimeoutError as error:
            raise JobFailed(FailureKind.LOST, "lost: the warm process takes no requests any more") from error
        silent = "lost: the warm process gave no answer after the job's time limit"
        if self._reply(limit_s, silent) is None:
            raise ServerGone
        reply = self._reply(limit_s, silent)
        if reply is None:
            raise self._lost()
        if "result" not in reply:
            raise _job_failed(reply)
        result: dict[str, Any] = reply["result"]
        return result

    def end(self) -> None:
        """Ends the server and the job that it may run. May be called twice, and while another thread asks."""
        _end(self._process)

    def release(self) -> None:
        """Ends the server and closes the pipes to it; happens by itself when this object is forgotten."""
        self._finalizer()

    def _reply(self, limit_s: float, if_late: str) -> dict[str, Any] | None:
        """Returns the server's next message, or None if it has ended."""
        try:
            line = self._replies.read_line(time.monotonic() + limit_s)
        except (TimeoutError, LineTooLong) as error:
            raise JobFailed(FailureKind.LOST, if_late) from error
        reply: dict[str, Any] | None = None if line is None else json.loads(line)
        return reply

    def _lost(self) -> JobFailed:
        self.end()
        code = self._process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        complaint = self._tail().strip().splitlines()
        reason = f"lost: the warm process of {self._entry} {how}" + (f" ({complaint[-1]})" if complaint else "")
        return JobFailed(FailureKind.LOST, reason, self._tail())

    def _tail(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _TAIL_BYTES))
        return self._errors.read().decode(errors="replace")


def _not_started(python: str, link: Sequence[str] | None, error: OSError) -> str:
    if link is not None:
        return f"cannot start the program {link[0]!r}: {error.strerror}; install it"
    return f"cannot start the interpreter {python!r}: {error.strerror}; give the path of a Python 3.10 or newer"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_FAREWELL_S)
    except subprocess.TimeoutExpired:
        process.kill()  # the kernel ends its job with it
        process.wait()


def _release(process: subprocess.Popen[bytes], fds: tuple[int, ...], errors: IO[bytes]) -> None:
    _end(process)
    _close(fds, errors)


def _close(fds: tuple[int, ...], errors: IO[bytes]) -> None:
    for fd in fds:
        os.close(fd)
    errors.close()


def _job_failed(reply: Mapping[str, Any]) -> JobFailed:
    return JobFailed(FailureKind(reply["kind"]), reply["reason"], reply.get("detail", ""))
