"""Looks at a machine before anything on it changes: what it is, what it has, and which interpreters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_agents.enrolment.ssh import Remote
from device_agents.errors import DeviceError

_MARK = "protran:"  # what the user's own start files print is not ours
_SCRIPT = r"""
say() { printf 'protran:%s=%s\n' "$1" "$2"; }
python() {
    found=$(command -v "$1" 2>/dev/null) || return 0
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || return 0
    "$found" -c 'import ensurepip, venv' >/dev/null 2>&1 && venv=yes || venv=no
    say python "$version $venv $found"
}
say kernel "$(uname -s)"
say architecture "$(uname -m)"
say bits "$(getconf LONG_BIT 2>/dev/null)"
say c_library "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
say operating_system "$(. /etc/os-release 2>/dev/null && printf %s "$PRETTY_NAME")"
say home "$HOME"
say user "$(id -un)"
say user_id "$(id -u)"
say memory_kib "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo 2>/dev/null)"
say disk_kib "$(df -Pk "$HOME" 2>/dev/null | awk 'NR == 2 { print $4 }')"
say systemd "$(systemctl is-system-running 2>/dev/null)"
sudo -n true >/dev/null 2>&1 && say sudo yes || say sudo no
test -x "$HOME/.local/share/protran/environment/bin/python" && say enrolled yes || say enrolled no
apt-cache show "python@MINOR@" >/dev/null 2>&1 && say apt yes || say apt no
uv=$(command -v uv || command -v "$HOME/.local/bin/uv") && say uv "$uv"
for name in "python@MINOR@" python3 "$HOME/.local/bin/python@MINOR@" \
    "$HOME"/.local/share/uv/python/cpython-@MINOR@*/bin/python@MINOR@ \
    "$HOME"/.pyenv/versions/@MINOR@*/bin/python@MINOR@; do
    python "$name"
done
true
"""
_NO_SYSTEMD = ("", "offline", "unknown")  # Source: systemctl(1), is-system-running


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter: its minor version such as `3.11`, its path, and whether it can make environments."""

    version: str
    path: str
    makes_environments: bool


@dataclass(frozen=True)
class Look:
    """What was seen of a machine.

    Attributes:
        kernel: `Linux`, `Darwin` …
        architecture: of the kernel, for example `aarch64`.
        bits: word size of the programs; a 64-bit kernel may run a 32-bit system.
        c_library: name and version of the GNU C library; empty where there is another.
        operating_system: its name and version.
        home: the user's home folder.
        user: login name.
        is_root: whether that is the superuser.
        sudo: whether the user may act as the superuser without a password.
        systemd: whether systemd runs the machine.
        memory_bytes: physical memory; None where unknown.
        free_disk_bytes: room in the home folder; None where unknown.
        enrolled: whether an environment of an earlier enrolment is there.
        apt: whether apt offers the wanted Python.
        uv: path of the program uv; empty where there is none.
        interpreters: what was found, the wanted version's own name first.
    """

    kernel: str
    architecture: str
    bits: int | None
    c_library: str
    operating_system: str
    home: str
    user: str
    is_root: bool
    sudo: bool
    systemd: bool
    memory_bytes: int | None
    free_disk_bytes: int | None
    enrolled: bool
    apt: bool
    uv: str
    interpreters: tuple[Interpreter, ...]

    def summary(self) -> str:
        """Returns the machine in one line."""
        versions = ", ".join(dict.fromkeys(interpreter.version for interpreter in self.interpreters)) or "none"
        parts = [
            self.operating_system or self.kernel,
            self.architecture,
            f"Python {versions}",
            f"{_gb(self.memory_bytes)} of memory",
            f"{_gb(self.free_disk_bytes)} free on disk",
            "systemd" if self.systemd else "no systemd",
        ]
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Returns the facts that a reader wants as a JSON object."""
        return {
            "operating_system": self.operating_system,
            "architecture": self.architecture,
            "memory_bytes": self.memory_bytes,
            "free_disk_bytes": self.free_disk_bytes,
            "systemd": self.systemd,
            "interpreters": {interpreter.path: interpreter.version for interpreter in self.interpreters},
        }


def look_at(remote: Remote, python: str) -> Look:
    """Returns what is seen of a machine; changes nothing there.

    Args:
        remote: the machine.
        python: the minor version that is wanted, such as `3.11`.

    Raises:
        DeviceError: there is no connection, or what answers is no POSIX shell.
    """
    done = remote.run(_SCRIPT.replace("@MINOR@", python), time_s=120.0)
    facts, interpreters = _parsed(done.output)
    if not facts.get("kernel") or not facts.get("home", "").startswith("/"):
        raise DeviceError(
            f"{remote.target} does not answer as a POSIX shell does ({done.complaint}); a phone or another device "
            f"without one needs a proxy agent"
        )
    return Look(
        kernel=facts["kernel"],
        architecture=facts.get("architecture", ""),
        bits=_number(facts, "bits"),
        c_library=facts.get("c_library", ""),
        operating_system=facts.get("operating_system", ""),
        home=facts["home"],
        user=facts.get("user", remote.target.user),
        is_root=facts.get("user_id") == "0",
        sudo=facts.get("sudo") == "yes",
        systemd=facts.get("systemd", "") not in _NO_SYSTEMD,
        memory_bytes=_kibibytes(facts, "memory_kib"),
        free_disk_bytes=_kibibytes(facts, "disk_kib"),
        enrolled=facts.get("enrolled") == "yes",
        apt=facts.get("apt") == "yes",
        uv=facts.get("uv", ""),
        interpreters=interpreters,
    )


def _parsed(output: str) -> tuple[Mapping[str, str], tuple[Interpreter, ...]]:
    facts: dict[str, str] = {}
    interpreters: dict[str, Interpreter] = {}
    for line in output.splitlines():
        if not line.startswith(_MARK):
            continue
        name, _, value = line.removeprefix(_MARK).partition("=")
        if name == "python" and value.count(" ") >= 2:
            version, venv, path = value.split(" ", 2)
            interpreters.setdefault(path, Interpreter(version, path, venv == "yes"))
        else:
            facts[name] = value.strip()
    return facts, tuple(interpreters.values())


def _number(facts: Mapping[str, str], name: str) -> int | None:
    text = facts.get(name, "")
    return int(text) if text.isdecimal() else None


def _kibibytes(facts: Mapping[str, str], name: str) -> int | None:
    number = _number(facts, name)
    return None if number is None else 1024 * number


def _gb(size_bytes: int | None) -> str:
    return "unknown" if size_bytes is None else f"{size_bytes / 1e9:.1f} GB"
