"""A task entry for the tests of dispatchers."""

import os
import signal
import time

import journal


def handle(payload):
    with journal.entry("task"):
        time.sleep(payload.get("time_s", 0.0))
    if payload.get("do") == "raise":
        raise ValueError("the fake task broke")
    if payload.get("do") == "die":
        os._exit(9)
    if payload.get("do") == "kill server":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(3600)
    if payload.get("do") == "allocate":
        bytearray(10**9)
    return {"answer": payload.get("value"), "pid": os.getpid()}
