"""Two hosts on one machine: network namespaces joined by a cable, each with processes, name and identity of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

NETWORK = "10.77.0"


def missing():
    """Returns why namespaces cannot be made here; nothing where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    absent = [tool for tool in ("ip", "unshare", "nsenter", "mount") if shutil.which(tool) is None]
    if absent:
        return f"network namespaces need {absent[0]} (Debian: iproute2, util-linux)"
    if not Path("/etc/machine-id").is_file():
        return "network namespaces need an /etc/machine-id to put another one in its place"
    name = f"ptn{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    tried = subprocess.run(
        ["ip", "netns", "exec", name, "unshare", "--pid", "--uts", "--mount", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    subprocess.run(["ip", "netns", "del", name], check=False)
    return f"namespaces cannot be entered here: {tried.stderr.strip()}" if tried.returncode else ""


class Host:
    """One host. Its first process sleeps; all others are started beside it.

    Args:
        name: of the namespace and the host.
        number: last part of its address.
        folder: for its machine-id and logs.
    """

    def __init__(self, name, number, folder):
        self.name = name
        self.address = f"{NETWORK}.{number}"
        self.folder = folder
        self._machine_id = folder / f"{name}-machine-id"
        self._machine_id.write_text(f"{number:032x}\n")
        self._children = []
        _run("ip", "netns", "add", name)
        script = f'mount -t proc proc /proc; hostname {name}; mount --bind "$1" /etc/machine-id; exec sleep infinity'
        unshare = ["unshare", "--pid", "--uts", "--mount", "--fork", "--kill-child"]
        self._first = subprocess.Popen(
            ["ip", "netns", "exec", name, *unshare, "bash", "-c", script, "--", self._machine_id]
        )
        self._pid = self._first_inside()

    def _first_inside(self):
        deadline_s = time.monotonic() + 10
        while time.monotonic() < deadline_s:
            children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
            if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "sleep":
                return int(children[0])
            time.sleep(0.02)
        raise RuntimeError(f"host {self.name} did not start")

    def _inside(self, command):
        return ["nsenter", "-t", str(self._pid), "-p", "-m", "-u", "-n", *map(str, command)]

    def run(self, command, env=None, timeout=120):
        """Runs a command to its end and returns what became of it."""
        return subprocess.run(
            self._inside(command), capture_output=True, text=True, timeout=timeout, env=env, check=False, cwd="/"
        )

    def start(self, command, log, env=None):
        """Starts a command; its output goes to a file of the host's folder."""
        with (self.folder / log).open("a") as output:
            child = subprocess.Popen(
                self._inside(command), stdout=output, stderr=output, env=env, cwd="/", start_new_session=True
            )
        self._children.append(child)
        return child

    def processes(self, pattern):
        """Returns the processes of this host whose command line holds a text, as numbers of the whole machine."""
        own = os.readlink(f"/proc/{self._pid}/ns/pid")
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(entry / "ns/pid") == own:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if pattern in line:
                        found.append(int(entry.name))
        return found

    def kill(self, pattern):
        """Kills, without a warning, the processes of this host whose command line holds a text; returns how many."""
        found = self.processes(pattern)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def close(self):
        """Ends the host with all its processes."""
        for child in [*self._children, self._first]:
            child.kill()
            child.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.name], check=False)


class Cable:
    """Joins two hosts."""

    def __init__(self, left, right):
        self._left = left
        ends = [f"{host.name}e" for host in (left, right)]
        _run("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for host, end in zip((left, right), ends, strict=True):
            _run("ip", "link", "set", end, "netns", host.name)
            _run("ip", "-n", host.name, "addr", "add", f"{host.address}/24", "dev", end)
            _run("ip", "-n", host.name, "link", "set", end, "up")
            _run("ip", "-n", host.name, "link", "set", "lo", "up")

    def set(self, state):
        """Cuts (`down`) or mends (`up`) it."""
        _run("ip", "-n", self._left.name, "link", "set", f"{self._left.name}e", state)

    @contextlib.contextmanager
    def cut(self):
        """Cut as long as the context lasts."""
        self.set("down")
        try:
            yield
        finally:
            self.set("up")


def _run(*command):
    subprocess.run(command, check=True, capture_output=True)
