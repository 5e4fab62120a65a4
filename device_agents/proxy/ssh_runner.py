"""A runner on another machine: its server is started over ssh and speaks through the connection."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from device_agents.enrolment.ssh import clean_environment, link_failure, ssh_command
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError, RequestError
from device_agents.isolation import FailureKind, JobFailed, Limits
from device_agents.isolation.client import _ENVIRONMENT as TIMING_ENVIRONMENT
from device_agents.isolation.server_process import ServerGone, ServerProcess

_PYTHON = re.compile(r"(?:(?:~/|/)[A-Za-z0-9._+/-]{1,400}|[A-Za-z0-9_][A-Za-z0-9._+-]{0,100})")
_ENTRY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,200}")
_LINK_FAILED = 255  # Source: ssh(1), "EXIT STATUS"


def server_command(python: str, entry: str, python_path: str | None = None) -> str:
    """Returns the command, for the login shell of another machine, that serves `entry` on standard input and output.

    Args:
        python: interpreter there, a name or a path, which may begin with ``~/``.
        entry: module that answers.
        python_path: where our packages lie there; None where they are installed.

    Raises:
        RequestError: the interpreter or the entry is no such thing.
    """
    if _PYTHON.fullmatch(python) is None:
        raise RequestError(f"expected the name or path of a Python 3.10 or newer, got {python!r}; give another path")
    if _ENTRY.fullmatch(entry) is None:
        raise RequestError(f"expected the name of a module, got {entry!r}; name one")
    variables = {**TIMING_ENVIRONMENT, **({} if python_path is None else {"PYTHONPATH": python_path})}
    assigned = " ".join(shlex.quote(f"{name}={value}") for name, value in variables.items())
    # In the root folder: Python 3.10 takes modules from the folder that it starts in, and nobody's lie there.
    return f"cd / && exec env {assigned} {python} -m device_agents.isolation.server {entry} 0 1"


class SshRunner:
    """Answers payloads on another machine, one at a time; several threads may share one object.

    The connection is made by the first call and kept. The server there runs each job in a forked child and keeps its
    limits of time and memory. Where the link is lost the job is lost too (`FailureKind.LOST`), and the next call
    connects anew; the server there ends its job and itself when its connection ends. (If the network goes away without
    a word, that is when the ssh server there notices.)

    Args:
        target: the machine; its host key must be known and a key of this user's let in.
        entry: module with ``handle(payload: dict) -> dict``.
        python: interpreter there: Python 3.10 or newer with what the entry imports.
        python_path: where our packages lie there; None where they are installed.

    Raises:
        RequestError: the interpreter or the entry is no such thing.
    """

    def __init__(
        self, target: SshTarget, entry: str, *, python: str = "python3", python_path: str | None = None
    ) -> None:
        self.target = target
        self.entry = entry
        self._link = ssh_command(target, server_command(python, entry, python_path))
        self._server: ServerProcess | None = None
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> SshRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, payload: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
        """Returns the answer to `payload`, found under `limits` (`Limits()` if not given).

        Raises:
            JobFailed: there is none; kind and reason say why.
            DeviceError: this object is closed.
            TypeError: the payload is not JSON.
            ValueError: the payload holds NaN or an infinity.
        """
        limits = limits or Limits()
        request = {"payload": dict(payload), "time_s": limits.time_s, "memory_bytes": limits.memory_bytes}
        with self._lock:
            for _ in range(2):
                try:
                    return self._ask(request)
                except ServerGone:  # the link was cut since the last call; nothing of this call has begun
                    self._discard()
            raise JobFailed(FailureKind.LOST, f"lost: the connection to {self.target} ended twice at its start")

    def close(self) -> None:
        """Ends the connection, the server there and its job. May be called twice, and by another thread."""
        self._closed = True
        server = self._server
        if server is not None:
            server.end()  # a call that waits in another thread fails now and lets go of the lock
        with self._lock:
            self._discard()

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        server = self._running()
        try:
            server.wait_until_ready()
            return server.ask(request)
        except JobFailed as failure:
            code = server.exit_code
            if failure.kind is FailureKind.LOST or code is not None:
                self._discard()
            if failure.kind is FailureKind.LOST:
                raise self._explained(failure, code) from failure
            raise

    def _explained(self, failure: JobFailed, code: int | None) -> JobFailed:
        """Returns a lost job that says which machine was lost and, where ssh itself failed, what to do."""
        if code == _LINK_FAILED:
            return JobFailed(FailureKind.LOST, f"lost: {link_failure(self.target, failure.detail)}", failure.detail)
        return JobFailed(FailureKind.LOST, f"{failure.reason}, on {self.target}", failure.detail)

    def _running(self) -> ServerProcess:
        if self._closed:
            raise DeviceError(f"the connection to {self.target} is closed; make a new one")
        if self._server is not None and not self._server.alive():
            self._discard()
        if self._server is None:
            self._server = ServerProcess("", self.entry, clean_environment(), link=self._link)
        return self._server

    def _discard(self) -> None:
        if self._server is not None:
            self._server.release()
            self._server = None
