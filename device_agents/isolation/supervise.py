"""Forks one job and watches it until it answers, ends, or must be killed.

It runs on Python 3.10 and imports nothing outside the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from typing import Any

from device_agents.isolation.child import Handle, mentions_memory, out_of_memory_reason, run_child
from device_agents.isolation.failure import FailureKind
from device_agents.isolation.pipes import LineReader, LineTooLong

LOOK_S = 0.2
"""How often a silent job is looked at: whether it still exists, and whether the client does."""

_LAST_LOOK_S = 0.005
"""How often a job that closed its result pipe, which ends with its process as a rule, is looked at."""

_ERROR_TAIL_BYTES = 4000


class ClientGone(Exception):
    """The process that asked for the job no longer exists, or no longer wants it."""


class Job:
    """One job in its own process group."""

    def __init__(self, handle: Handle, request: dict[str, Any], server_fds: tuple[int, ...]) -> None:
        self._memory_bytes: int | None = request["memory_bytes"]
        self._time_s = float(request["time_s"])
        result_fd, result_end = os.pipe()
        error_fd, error_end = os.pipe()
        server_pid = os.getpid()
        self._deadline_s = time.monotonic() + self._time_s
        self._pid = os.fork()
        if self._pid == 0:
            for fd in (result_fd, error_fd, *server_fds):
                os.close(fd)
            run_child(handle, request, result_end, error_end, server_pid)
        os.close(result_end)
        os.close(error_end)
        with contextlib.suppress(OSError):  # child and server both do it, so that neither has to wait for the other
            os.setpgid(self._pid, self._pid)
        self._result = LineReader(result_fd)
        self._errors = _Tail(error_fd)
        self._status: int | None = None

    def wait(self, client: LineReader, client_pid: int) -> bytes:
        """Returns the line that answers the job; its processes are gone by then.

        Raises:
            ClientGone: the client ended before the job did.
        """
        try:
            return self._watch(client, client_pid)
        except LineTooLong as error:
            return _line(FailureKind.ERROR, f"the result is too long: {error}")
        finally:
            self._kill()
            os.close(self._result.fd)
            os.close(self._errors.fd)

    def _watch(self, client: LineReader, client_pid: int) -> bytes:
        while True:
            remaining_s = self._deadline_s - time.monotonic()
            if remaining_s <= 0:
                return _line(FailureKind.TIMED_OUT, f"timed out: it was killed after {self._time_s:g} s")
            self._read(client, min(remaining_s, LOOK_S))
            if client.ended or os.getppid() != client_pid:
                raise ClientGone
            answer = self._answer()
            if answer is not None:
                return answer

    def _read(self, client: LineReader, timeout_s: float) -> None:
        """Reads what the job and the client have sent; returns as soon as there was anything."""
        open_fds = [client.fd, *(pipe.fd for pipe in (self._result, self._errors) if not pipe.ended)]
        readable = select.select(open_fds, [], [], _LAST_LOOK_S if self._result.ended else timeout_s)[0]
        if self._errors.fd in readable:
            self._errors.fill()
        if client.fd in readable:
            client.fill()
        if self._result.fd in readable:
            self._result.fill()

    def _answer(self) -> bytes | None:
        line = self._result.take_line()
        if line is not None:
            return line
        self._reap(os.WNOHANG)
        if self._status is None:
            return None
        self._result.drain()  # its answer may have come since the last look
        return self._result.take_line() or self._obituary(self._status)

    def _reap(self, options: int) -> None:
        if self._status is None:
            pid, status = os.waitpid(self._pid, options)
            if pid:
                self._status = status

    def _obituary(self, status: int) -> bytes:
        complaint = self._errors.rest()
        if os.WIFSIGNALED(status):
            if mentions_memory(complaint):
                return _line(FailureKind.OUT_OF_MEMORY, out_of_memory_reason(self._memory_bytes), complaint)
            reason = f"crashed: its process was ended by {_signal_name(os.WTERMSIG(status))}"
            if os.WTERMSIG(status) == signal.SIGKILL:
                reason += ", most often the kernel's answer to a lack of memory"
        else:
            reason = f"crashed: its process ended with exit code {os.WEXITSTATUS(status)} before it gave a result"
        return _line(FailureKind.CRASHED, reason, complaint)

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        self._reap(0)


class _Tail:
    """The end of what a job wrote on its error output."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.ended = False
        self._text = b""

    def fill(self) -> None:
        chunk = os.read(self.fd, 65536)
        self.ended = not chunk
        self._text = (self._text + chunk)[-_ERROR_TAIL_BYTES:]

    def rest(self) -> str:
        while not self.ended and select.select([self.fd], [], [], 0)[0]:
            self.fill()
        return self._text.decode(errors="replace")


def _signal_name(number: int) -> str:
    description = signal.strsignal(number)
    return f"{signal.Signals(number).name} ({description})" if number in set(signal.Signals) else f"signal {number}"


def _line(kind: FailureKind, reason: str, detail: str = "") -> bytes:
    return json.dumps({"kind": kind.value, "reason": reason, "detail": detail}).encode()
