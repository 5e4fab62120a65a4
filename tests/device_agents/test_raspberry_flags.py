import pytest

from device_agents import raspberry_flags
from device_agents.raspberry_flags import ask_firmware


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Puts a program called vcgencmd on the path."""

    def put(script):
        program = tmp_path / "vcgencmd"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return put


def test_the_firmware_is_asked_by_its_command(command):
    command('test "$1" = get_throttled && echo throttled=0x50005')
    assert ask_firmware() == "throttled=0x50005\n"


def test_a_command_that_fails_says_nothing(command):
    command("echo VCHI; exit 1")
    assert ask_firmware() == ""


def test_a_command_that_hangs_is_given_up(command, monkeypatch):
    monkeypatch.setattr(raspberry_flags, "TIME_LIMIT_S", 0.01)
    command("exec sleep 60")
    assert ask_firmware() == ""


def test_a_machine_without_the_command_says_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask_firmware() == ""
