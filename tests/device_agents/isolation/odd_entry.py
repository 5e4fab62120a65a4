"""An entry for the tests of isolation: does what the payload asks, most of it bad."""

import ctypes
import os
import signal
import subprocess
import sys
import time

warmed_in = []


def warm_up():
    warmed_in.append(os.getpid())


def handle(payload):
    return globals()["do_" + payload["do"]](payload)


def do_echo(payload):
    return {"echo": payload["value"]}


def do_pids(payload):
    return {"own": os.getpid(), "server": os.getppid(), "warmed_in": warmed_in}


def do_environment(payload):
    return {"environment": dict(os.environ)}


def do_raise(payload):
    raise ValueError("a value\nthat is bad")


def do_exit(payload):
    sys.exit(3)


def do_leave(payload):
    os._exit(3)


def do_segfault(payload):
    ctypes.string_at(0)


def do_abort_for_memory(payload):
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.kill(os.getpid(), signal.SIGABRT)


def do_sleep(payload):
    time.sleep(payload["time_s"])
    return {}


def do_sleep_deaf(payload):
    """Closes every pipe that it can find and ignores what can be ignored, then hangs."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(3, 256)
    time.sleep(3600)


def do_allocate(payload):
    return {"length": len(bytearray(payload["bytes"]))}


def do_print(payload):
    sys.stdout.write('{"result": {"forged": true}}\n' * 1000)
    sys.stdout.flush()
    os.write(1, b"raw output\n" * 1000)
    for _ in range(100):
        os.write(2, b"complaint " * 1000)
    return {"printed": True}


def do_big_result(payload):
    return {"text": "x" * payload["bytes"]}


def do_not_json(payload):
    return {"value": object()}


def do_nan(payload):
    return {"value": float("nan")}


def do_list(payload):
    return [1, 2]


def do_leave_process_behind(payload):
    sleeper = subprocess.Popen(["sleep", "3600"], stdin=subprocess.DEVNULL)
    return {"pid": sleeper.pid}


def do_kill_server(payload):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
