import pytest
from fake_ssh import FakeDevice

from device_agents.enrolment.look import Interpreter, Look
from device_agents.enrolment.order import Enrolment
from device_agents.enrolment.ssh import Finished
from device_agents.enrolment.target import SshTarget
from device_agents.enrolment.wheel import Archive

TOKEN = "0123456789abcdef" * 4


@pytest.fixture
def device(tmp_path, monkeypatch):
    """A device that the ssh program on the path reaches."""
    fake = FakeDevice(tmp_path)
    monkeypatch.setenv("PATH", fake.path)
    return fake


@pytest.fixture
def order():
    """Returns an order of enrolment, changed where asked."""

    def make(**changes):
        values = {"name": "pi5", "target": SshTarget("pi", "board"), "controller": "10.0.0.1:6377", "token": TOKEN}
        return Enrolment(**{**values, **changes})

    return make


@pytest.fixture
def look():
    """Returns what is seen of a usual board, changed where asked."""

    def make(**changes):
        values = {
            "kernel": "Linux",
            "architecture": "aarch64",
            "bits": 64,
            "c_library": "glibc 2.36",
            "operating_system": "Debian GNU/Linux 12",
            "home": "/home/pi",
            "user": "pi",
            "is_root": False,
            "sudo": False,
            "systemd": True,
            "memory_bytes": 4_000_000_000,
            "free_disk_bytes": 20_000_000_000,
            "enrolled": False,
            "apt": True,
            "uv": "",
            "interpreters": (Interpreter("3.11", "/usr/bin/python3.11", True),),
        }
        return Look(**{**values, **changes})

    return make


@pytest.fixture
def wheel():
    return Archive("protran-0.1.0-py3-none-any.whl", b"wheel")


class CannedRemote:
    """Answers every script with the same words and remembers it."""

    def __init__(self, output="", code=0, errors=""):
        self.target = SshTarget("pi", "board")
        self.scripts = []
        self._finished = Finished(code, output, errors)

    def run(self, script, *, stdin=b"", time_s=60.0):
        self.scripts.append(script)
        return self._finished


@pytest.fixture
def canned():
    return CannedRemote
