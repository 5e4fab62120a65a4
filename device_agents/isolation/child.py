"""The forked child: takes its limits on, runs the job, writes one line and ends.

It runs on Python 3.10 and imports nothing outside the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from device_agents.isolation.failure import FailureKind
from device_agents.isolation.pipes import MAX_LINE_BYTES, write_all

Handle = Callable[[dict[str, Any]], dict[str, Any]]

_PR_SET_PDEATHSIG = 1  # Source: linux/prctl.h
_DETAIL_CHARACTERS = 4000
_REASON_CHARACTERS = 500
_MEMORY_PHRASES = (
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "thread creation failed",
    "can't start new thread",
)


def run_child(handle: Handle, request: dict[str, Any], result_fd: int, error_fd: int, server_pid: int) -> None:
    """Runs the job in this, freshly forked, process; never returns."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setpgid(0, 0)  # so that the server can kill this job together with whatever it starts
        _die_with_parent(server_pid)
        _redirect_output(error_fd)
        _prefer_as_victim()
        write_all(result_fd, _answer(handle, request).encode() + b"\n")
    except BaseException:  # the one thing that must never happen is a return into the server's loop
        os._exit(70)
    os._exit(0)


def mentions_memory(text: str) -> bool:
    """Tells whether an error text of the C library, OpenMP, NumPy or torch means that memory ran out."""
    lowered = text.lower()
    return any(phrase in lowered for phrase in _MEMORY_PHRASES)


def _answer(handle: Handle, request: dict[str, Any]) -> str:
    memory_bytes = request["memory_bytes"]
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    try:
        if memory_bytes is not None:
            _limit_memory(memory_bytes)
        result = handle(request["payload"])
        if not isinstance(result, dict):
            raise TypeError(f"the result must be a JSON object, got {type(result).__name__}")
        text = json.dumps(result, allow_nan=False)
        if len(text) > MAX_LINE_BYTES // 2:
            raise ValueError(f"the result must be at most {MAX_LINE_BYTES // 2} bytes of JSON, got {len(text)}")
        return f'{{"result": {text}}}'
    except BaseException as error:  # SystemExit too: whatever a job raises is its recorded failure
        resource.setrlimit(resource.RLIMIT_AS, unlimited)  # to have room for the report
        return json.dumps(_failure(error, memory_bytes))


def _failure(error: BaseException, memory_bytes: int | None) -> dict[str, Any]:
    detail = "".join(traceback.format_exception(error))[-_DETAIL_CHARACTERS:]
    if isinstance(error, MemoryError) or mentions_memory(str(error)):
        return {"kind": FailureKind.OUT_OF_MEMORY.value, "reason": out_of_memory_reason(memory_bytes), "detail": detail}
    message = " ".join(str(error).split())[:_REASON_CHARACTERS]
    reason = f"{type(error).__name__}: {message}" if message else f"{type(error).__name__} without a message"
    return {"kind": FailureKind.ERROR.value, "reason": reason, "detail": detail}


def out_of_memory_reason(memory_bytes: int | None) -> str:
    """Returns the one sentence that says that a job needs more memory than it may have."""
    if memory_bytes is None:
        return "out of memory: it needs more than this machine can give"
    return f"out of memory: it needs more than the limit of {memory_bytes / 1e6:.0f} MB above the runtime's own"


def _limit_memory(memory_bytes: int) -> None:
    """Lets this process add `memory_bytes` of address space to what it has now.

    Only the soft limit moves, so that the report of a failure can lift it again.
    """
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = _address_space_bytes() + memory_bytes
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[0])
    return pages * resource.getpagesize()


def _die_with_parent(server_pid: int) -> None:
    """Asks the kernel to kill this process when the server ends. The server has one thread, which lives as long."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server_pid:  # it ended before the call above
        os._exit(71)


def _redirect_output(error_fd: int) -> None:
    """Sends what the job prints to nowhere, and what it complains of to the server, which keeps the end of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(error_fd, 2)
    os.close(nowhere)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prefer_as_victim() -> None:
    """Where the machine itself runs out of memory, the kernel shall kill this job and not the campaign."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
