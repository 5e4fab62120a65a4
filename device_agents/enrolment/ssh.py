"""Runs a command on another machine with the system's ssh program: no shell on this side, and no questions."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

_OPTIONS = (
    "BatchMode=yes",  # nobody is there to type a password: fail at once instead
    "ConnectTimeout=15",
    "ServerAliveInterval=10",  # a link that went away is known to be lost after 30 s
    "ServerAliveCountMax=3",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "RequestTTY=no",
)
_LINK_FAILED = 255  # Source: ssh(1): "or with 255 if an error occurred"
_SECRET_PREFIX = "RAY_AUTH_"
_ADVICE = (
    ("host key verification failed", "connect once by hand with `{connect}` and compare the key's fingerprint"),
    ("remote host identification has changed", "find out why its key changed before you remove the old one"),
    ("permission denied", "let your key in with `{copy_key}`"),
    ("could not resolve", "check the host's name"),
    ("connection refused", "start its ssh server, or give its port as user@host:port"),
    ("timed out", "check that it is switched on and in reach"),
    ("no route to host", "check that it is switched on and in reach"),
)


@dataclass(frozen=True)
class Finished:
    """What became of a remote command: its exit code and what it wrote."""

    code: int
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        """The last line that it wrote on its error output, or else on its output."""
        lines = [line.strip() for line in (self.errors.strip() or self.output.strip()).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code} without a word"


class Remote(Protocol):
    """Runs shell scripts on one machine."""

    target: SshTarget

    def run(self, script: str, *, stdin: bytes = b"", time_s: float = 60.0) -> Finished:
        """Returns what became of a POSIX shell script there. Raises `DeviceError` where it cannot be run."""


def ssh_command(target: SshTarget, command: str) -> list[str]:
    """Returns the argument list that runs `command`, which the login shell there reads, on the target."""
    options = [argument for option in _OPTIONS for argument in ("-o", option)]
    port = [] if target.port is None else ["-p", str(target.port)]
    return ["ssh", *options, *port, "--", target.destination, command]


def shell_command(script: str) -> str:
    """Returns the command that runs a POSIX script, whatever the login shell is."""
    return f"sh -c {shlex.quote(script)}"


def clean_environment() -> dict[str, str]:
    """Returns this process's environment less the fleet's secrets, which a configuration might send along."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SECRET_PREFIX)}


def link_failure(target: SshTarget, errors: str) -> str:
    """Returns one sentence on why there is no connection, and what to do about it."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    connect = shlex.join(_by_hand("ssh", target))
    copy_key = shlex.join(_by_hand("ssh-copy-id", target))
    lowered = errors.lower()
    advice = next((advice for words, advice in _ADVICE if words in lowered), "try `{connect}` by hand")
    said = lines[-1] if lines else "ssh gave no reason"
    return f"cannot connect to {target}: {said}; {advice.format(connect=connect, copy_key=copy_key)}"


def _by_hand(program: str, target: SshTarget) -> Sequence[str]:
    return (program, *(() if target.port is None else ("-p", str(target.port))), target.destination)


class Ssh:
    """The ssh program as a `Remote`; each script is a connection of its own.

    Args:
        target: the machine.
    """

    def __init__(self, target: SshTarget) -> None:
        self.target = target

    def run(self, script: str, *, stdin: bytes = b"", time_s: float = 60.0) -> Finished:
        """Returns what became of a POSIX shell script on the target.

        Raises:
            DeviceError: there is no ssh program, no connection, or no end of the script within `time_s`.
        """
        command = ssh_command(self.target, shell_command(script))
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, timeout=time_s, check=False, env=clean_environment()
            )
        except FileNotFoundError as error:
            raise DeviceError("this machine has no ssh program; on Debian: apt install openssh-client") from error
        except subprocess.TimeoutExpired as error:
            raise DeviceError(f"{self.target} did not finish within {time_s:g} s; look at its load and disk") from error
        output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if done.returncode == _LINK_FAILED:
            raise DeviceError(link_failure(self.target, errors))
        return Finished(done.returncode, output, errors)
