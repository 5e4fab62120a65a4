import os
import subprocess
import sys

import pytest

from device_agents.power_calibration import load
from device_agents.power_calibration.load import LoadKind, keep_busy, work_of


@pytest.mark.parametrize("kind", list(LoadKind))
def test_work_goes_on_until_it_is_told_to_stop(kind):
    answers, done = iter([True, True, False]), []
    work = work_of(kind, 8192)
    keep_busy(lambda: done.append(work()), lambda: next(answers))
    assert len(done) == 2


def test_memory_work_copies_arrays_of_the_size_that_was_asked_for(monkeypatch):
    import numpy as np

    copied = []
    monkeypatch.setattr(np, "copyto", lambda target, source: copied.append((target.nbytes, source.nbytes)))
    work_of(LoadKind.MEMORY, 8192)()
    assert set(copied) == {(8192, 8192)}


def test_a_load_is_kept_on_its_core(monkeypatch):
    placed = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: placed.append((pid, cores)), raising=False)
    load.pin(3)
    assert placed == [(0, {3})]


def test_the_program_ends_by_itself_and_says_nothing():
    core = str(min(os.sched_getaffinity(0)))
    command = [sys.executable, "-I", load.__file__, "compute", core, "0.01", "0"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
