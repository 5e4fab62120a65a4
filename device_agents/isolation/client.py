"""`WarmProcess`: calls a function in a forked child of a warm process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from device_agents.errors import DeviceError
from device_agents.isolation.failure import FailureKind, JobFailed
from device_agents.isolation.limits import Limits
from device_agents.isolation.server_process import ServerGone, ServerProcess

_SECRET_PREFIX = "RAY_AUTH_"
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # a job that wants more asks torch for them; a warm thread pool would not survive the fork
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads make two-thread timings 10 to 100 times longer on a busy machine
    "PYTHONHASHSEED": "0",  # the same dictionaries in every run: small models spend much of their time in Python
    "PYTHONSAFEPATH": "1",  # a file of the user's folder must not shadow a module of the library
}


class WarmProcess:
    """A process that has imported `entry` once and runs each call in a forked child of its own.

    A call that crashes, hangs, takes too much memory or raises is a `JobFailed`, and the next call works: a server that
    was lost is started anew. Calls are one at a time; several threads may share one object. The process starts with
    the first call or with `start`, and ends with `close` or with the process that holds this object, however that ends.

    Args:
        entry: importable module with ``handle(payload: dict) -> dict`` and, where it wants, ``warm_up() -> None``.
        python: interpreter of the server; it needs this package, and what the entry imports, on its path.
        env: environment variables to set for the server, over those of this process.
    """

    def __init__(self, entry: str, *, python: str = sys.executable, env: Mapping[str, str] | None = None) -> None:
        self.entry = entry
        self._python = python
        self._env = dict(env or {})
        self._server: ServerProcess | None = None
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_pid(self) -> int | None:
        """Process id of the running server, or None."""
        server = self._server
        return server.pid if server is not None and server.alive() else None

    def start(self) -> None:
        """Starts the server, if it does not run, without waiting until it is warm.

        Raises:
            JobFailed: the interpreter cannot be started.
        """
        with self._lock:
            self._running()

    def call(self, payload: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
        """Returns ``handle(payload)``, run in a process of its own under `limits` (`Limits()` if not given).

        Raises:
            JobFailed: there is no result; kind and reason say why.
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
                except ServerGone:  # it was killed since the last call; nothing of this call has begun
                    self._discard()
            raise JobFailed(FailureKind.LOST, f"lost: the warm process of {self.entry} ended twice at its start")

    def close(self) -> None:
        """Ends the server and the job that it may run. May be called twice, and by another thread than the caller's."""
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
            if failure.kind is FailureKind.LOST or not server.alive():
                self._discard()
            raise

    def _running(self) -> ServerProcess:
        if self._closed:
            raise DeviceError(f"the warm process of {self.entry} is closed; make a new one")
        if self._server is not None and not self._server.alive():
            self._discard()
        if self._server is None:
            self._server = ServerProcess(self._python, self.entry, self._environment())
        return self._server

    def _discard(self) -> None:
        if self._server is not None:
            self._server.release()
            self._server = None

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SECRET_PREFIX)}
        return {**inherited, **_ENVIRONMENT, **self._env}
