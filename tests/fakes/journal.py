"""Who ran when, over all processes of the suite: one line for each interval of the system-wide monotonic clock."""

import contextlib
import json
import os
import time
from pathlib import Path

VARIABLE = "PROTRAN_TEST_JOURNAL"


@contextlib.contextmanager
def entry(kind):
    start_s = time.monotonic()
    yield
    line = json.dumps({"kind": kind, "start_s": start_s, "end_s": time.monotonic(), "pid": os.getpid()}) + "\n"
    descriptor = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode())
    os.close(descriptor)


def read():
    path = Path(os.environ[VARIABLE])
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def clear():
    Path(os.environ[VARIABLE]).unlink(missing_ok=True)
