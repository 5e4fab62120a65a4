import os
import subprocess
import sys
import time

import psutil

from device_agents.fleet import watchdog

HOLDER = "import sys, time; file = open(sys.argv[1], 'w'); print('open', flush=True); time.sleep(600)"
CONTROLLER = """
import os, sys
from pathlib import Path
from device_agents.fleet.watchdog import watchdog
with watchdog(Path(sys.argv[1])):
    print('kept', flush=True)
    if sys.argv[2] == 'killed':
        os.kill(os.getpid(), 9)
"""
GONE_S = 30.0


def hold(path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "open\n"
    holder.stdout.close()
    return holder


def run_controller(folder, how):
    command = [sys.executable, "-c", CONTROLLER, str(folder), how]
    subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=False)


def test_holders_are_those_who_have_a_file_of_the_folder_open(tmp_path):
    (tmp_path / "session").mkdir()
    (tmp_path / "session-2").mkdir()
    inside, beside = hold(tmp_path / "session" / "log"), hold(tmp_path / "session-2" / "log")
    try:
        assert watchdog.holders(tmp_path / "session") == [inside.pid]
    finally:
        for holder in (inside, beside):
            holder.kill()
            holder.wait()


def test_what_a_killed_controller_leaves_is_ended_and_removed(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    holder = hold(folder / "log")
    run_controller(folder, "killed")
    assert holder.wait(GONE_S) == -9
    deadline_s = time.monotonic() + GONE_S
    while folder.exists() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not folder.exists()


def test_a_controller_that_ends_in_order_is_left_to_clean_up_itself(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    holder = hold(folder / "log")
    try:
        run_controller(folder, "closed")
        dogs = [p for p in psutil.process_iter(["cmdline"]) if str(folder) in (p.info["cmdline"] or [])]
        assert psutil.wait_procs([dog for dog in dogs if "watchdog.py" in str(dog.cmdline())], timeout=GONE_S)[1] == []
        assert holder.poll() is None
        assert (folder / "log").exists()
    finally:
        holder.kill()
        holder.wait()


def test_the_watchdog_starts_without_this_package(tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-S", watchdog.__file__, str(tmp_path)], input=b"closed", timeout=60, check=False
    )
    assert (done.returncode, os.path.isdir(tmp_path)) == (0, True)
