import sys
from pathlib import Path

import pytest
from fake_ssh import FakeDevice

ROOT = Path(__file__).parents[3]
ISOLATION = Path(__file__).parents[1] / "isolation"


@pytest.fixture
def board(tmp_path, monkeypatch):
    """A board that the ssh program on the path reaches."""
    fake = FakeDevice(tmp_path)
    monkeypatch.setenv("PATH", fake.path)
    return fake


@pytest.fixture
def python():
    """The board's interpreter: this one."""
    return sys.executable


@pytest.fixture
def packages():
    """Where the board finds our packages and the entries of the tests of isolation."""
    return f"{ROOT}:{ISOLATION}"
