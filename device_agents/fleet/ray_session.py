"""A Ray of this machine's own: loopback only, with a token, silent, and gone when this process is."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from device_agents.errors import DeviceError
from device_agents.fleet.ray_settings import HEALTH, LOOPBACK_ONLY, OBJECT_STORE_BYTES, environment, ray_environment
from device_agents.fleet.ray_silence import mute, ray_log_to
from device_agents.fleet.watchdog import watchdog

_PREFIX = "protran-ray-"
_OF_RAY = "r"
"""Ray opens its own folder to everybody, so that one lies in a folder that only this user can enter."""

_LONGEST_ROOT = 12
"""A socket's path may have 107 bytes; below this folder Ray's have up to 95, where process ids have seven digits."""


class RaySession:
    """This process's connection to Ray.

    Where Ray is already initialised, the session borrows it and leaves it running. Otherwise it starts one, which the
    kernel ends together with the *thread* that calls this: that thread must live as long as the session. What a killed
    process leaves all the same, a watchdog ends. Where that thread is the main one, SIGTERM interrupts it as Ctrl-C
    would, unless the program has a handler of its own.

    Args:
        resources: resources of the node to start, such as ``{"device:local": 1}``.
        cores: number of processors that Ray may think it has.

    Raises:
        DeviceError: Ray does not start.
    """

    def __init__(self, resources: dict[str, float], cores: int) -> None:
        self._stack = contextlib.ExitStack()
        if "ray" in sys.modules and sys.modules["ray"].is_initialized():
            self.ray: Any = sys.modules["ray"]
            return
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(_private_folder())
                stack.enter_context(watchdog(folder))
                stack.enter_context(environment(_settings(folder)))
                stack.enter_context(ray_log_to(folder / "driver.log"))
                obey_sigterm = stack.enter_context(_sigterm())
                self.ray = _start(folder / _OF_RAY, resources, cores)
            except Exception as error:
                reason = " ".join(str(error).split())[:300]
                advice = "free memory and disk, or use the inline dispatcher"
                raise DeviceError(f"Ray does not start ({type(error).__name__}: {reason}); {advice}") from error
            stack.callback(self.ray.shutdown)
            obey_sigterm()
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Stops Ray and removes its files, if this session started it. May be called twice."""
        self._stack.close()


def _start(folder: Path, resources: dict[str, float], cores: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's advice to its own users
        import ray  # noqa: PLC0415 (half a second, and it reads the environment: only once that is set)

        mute(ray)

        ray.init(
            address="local",
            num_cpus=cores,
            resources=resources,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            configure_logging=False,
            _temp_dir=str(folder),
            _system_config=dict(HEALTH),  # a copy: Ray writes into it
        )
    return ray


@functools.cache
def _token() -> str:
    """Ray reads its token once in a process and keeps it, so a second session of the process must use the same."""
    return secrets.token_hex(32)


def _settings(folder: Path) -> dict[str, str]:
    """Returns the environment for Ray, with a token in a file that only this user can read."""
    token = folder / "token"
    descriptor = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # Ray's own token file is 0644
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_token())
    return {**ray_environment(token), **LOOPBACK_ONLY}


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """A new folder for Ray's sockets and logs, removed at the end, together with those that killed owners left."""
    root = Path(tempfile.gettempdir())
    if len(str(root)) > _LONGEST_ROOT:
        root = Path("/tmp")
    _sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    for folder in root.glob(_PREFIX + "*"):
        owner = re.match(rf"{_PREFIX}(\d+)-", folder.name)
        with contextlib.suppress(OSError):
            if owner and not psutil.pid_exists(int(owner[1])) and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _sigterm() -> Iterator[Callable[[], None]]:
    """Yields what makes SIGTERM an interrupt again after Ray took it; what was there before comes back at the end.

    Ray's own handlers end the process with a native crash dump, or without closing the dispatcher. Signal handlers
    belong to the main thread: in others nothing happens here, and Ray leaves the signal alone too.
    """
    before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL

    def handle(handler: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)

    try:
        yield lambda: handle(signal.default_int_handler if before == signal.SIG_DFL else before)
    finally:
        handle(before)
