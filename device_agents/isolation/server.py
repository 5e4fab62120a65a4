"""The warm process: imports one entry module, then forks a child for each request.

Started as ``python -m device_agents.isolation.server ENTRY REQUEST_FD REPLY_FD``. The entry is an importable module
with ``handle(payload: dict) -> dict`` and, where it wants, ``warm_up() -> None``, which is called once and must not
start threads: a fork copies only the thread that forks. Requests and replies are JSON lines on their own pipes, so that
nothing that a job prints can break them. Over ssh there are no other pipes than standard input and output: with ``0 1``
the server takes these for itself, and what anybody prints goes to its error output.

The server ends at SIGTERM and when its client does: the request pipe then ends, even if the client was killed. (A
signal at the parent's death would not do: it follows the *thread* that started the server.)

It runs on Python 3.10 and imports nothing outside the standard library.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

from device_agents.isolation.child import Handle
from device_agents.isolation.failure import FailureKind
from device_agents.isolation.pipes import LineReader, write_all
from device_agents.isolation.supervise import ClientGone, Job

_IDLE_LOOK_S = 2.0
"""How often an idle server looks whether its client still exists, in case another process holds the pipe open."""


def serve(arguments: list[str]) -> NoReturn:
    """Serves, and ends this process without the interpreter's farewell: no import may delay or print at the end."""
    os._exit(main(arguments))


def main(arguments: list[str]) -> int:
    """Serves until the client is gone; returns the exit code."""
    client_pid = os.getppid()
    entry = arguments[0]
    request_fd, reply_fd = _own_pipes(int(arguments[1]), int(arguments[2]))
    try:
        handle = _load(entry)
    except BaseException as error:  # SystemExit at import too is a reason to tell
        reason = f"the entry {entry!r} cannot be used: {type(error).__name__}: {' '.join(str(error).split())}"
        failure = {"kind": FailureKind.ERROR.value, "reason": reason, "detail": traceback.format_exc()}
        write_all(reply_fd, json.dumps(failure).encode() + b"\n")
        return 1
    try:
        signal.signal(signal.SIGTERM, _leave)
        write_all(reply_fd, b'{"ready": true}\n')
        _serve(handle, LineReader(request_fd), reply_fd, client_pid)
    except (ClientGone, BrokenPipeError):
        pass
    return 0


def _own_pipes(request_fd: int, reply_fd: int) -> tuple[int, int]:
    """Returns descriptors that no program started from here inherits and that nothing prints to."""
    if (request_fd, reply_fd) == (0, 1):
        request_fd, reply_fd = os.dup(0), os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.dup2(2, 1)
        os.close(nowhere)
    for fd in (request_fd, reply_fd):
        os.set_inheritable(fd, False)
    return request_fd, reply_fd


def _leave(number: int, frame: FrameType | None) -> None:
    raise ClientGone


def _load(entry: str) -> Handle:
    module = importlib.import_module(entry)
    handle: Handle = module.handle
    warm_up = getattr(module, "warm_up", None)
    if warm_up is not None:
        warm_up()
    gc.collect()
    gc.freeze()  # what is imported by now stays shared between the children
    return handle


def _serve(handle: Handle, client: LineReader, reply_fd: int, client_pid: int) -> None:
    while not client.ended and os.getppid() == client_pid:
        line = client.take_line()
        if line is not None:
            write_all(reply_fd, b'{"begun": true}\n')  # from here on a lost job may have had effects
            job = Job(handle, json.loads(line), server_fds=(client.fd, reply_fd))
            write_all(reply_fd, job.wait(client, client_pid) + b"\n")
        elif select.select([client.fd], [], [], _IDLE_LOOK_S)[0]:
            client.fill()


if __name__ == "__main__":
    serve(sys.argv[1:])
