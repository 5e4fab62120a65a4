"""The systemd service that keeps a device in its fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from device_agents.enrolment.look import Look
from device_agents.errors import RequestError

RESTART_S = 10
STOP_S = 45
"""Ray drains a node for up to 30 s when it is told to end."""


class Scope(str, Enum):
    """Whose systemd runs the service: the machine's, or the user's own."""

    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True)
class Unit:
    """A service.

    Attributes:
        name: of its file.
        scope: whose systemd runs it.
        folder: where its file lies.
        sudo: whether the superuser's rights must be asked for.
    """

    name: str
    scope: Scope
    folder: str
    sudo: bool

    @property
    def path(self) -> str:
        """Path of the unit's file."""
        return f"{self.folder}/{self.name}"


def unit_name(device: str) -> str:
    """Returns the name of a device's service."""
    return f"protran-device-{device}.service"


def unit_for(look: Look, device: str) -> Unit | None:
    """Returns the service for a machine: the system's where the user may act as root; None without systemd."""
    if not look.systemd:
        return None
    if look.is_root or look.sudo:
        return Unit(unit_name(device), Scope.SYSTEM, "/etc/systemd/system", sudo=not look.is_root)
    return Unit(unit_name(device), Scope.USER, f"{look.home}/.config/systemd/user", sudo=False)


def unit_text(
    unit: Unit, device: str, command: Sequence[str], *, user: str, folder: str, environment: Mapping[str, str]
) -> str:
    """Returns the unit's file.

    It has no limit of starts: a controller that is away for a night must not lose its devices. Its processes have a
    niceness of 0, since others spoil timings. At the end the agent gets SIGTERM alone, so that it can leave in order,
    and what is left of it then is killed.

    Args:
        unit: the service.
        device: name of the device, for the description.
        command: what joins the fleet.
        user: who runs it, for a service of the system.
        folder: its working folder.
        environment: variables to set.

    Raises:
        RequestError: a value holds control characters, which a unit's file cannot.
    """
    of_system = unit.scope is Scope.SYSTEM
    lines = [
        "[Unit]",
        f"Description=ProTran device {device}",
        *(["After=network-online.target", "Wants=network-online.target"] if of_system else []),
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        *([f"User={user}"] if of_system else []),
        f"WorkingDirectory={_specifiers_escaped(folder)}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in sorted(environment.items())),
        f"ExecStart={' '.join(_quoted(word, dollar=True) for word in command)}",
        "Restart=always",
        f"RestartSec={RESTART_S}",
        "KillMode=mixed",
        f"TimeoutStopSec={STOP_S}",
        "Nice=0",
        "UMask=0077",
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if of_system else 'default.target'}",
    ]
    return "\n".join(lines) + "\n"


def _quoted(word: str, *, dollar: bool = False) -> str:
    r"""Returns a word as systemd reads it back.

    Source: systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers"; systemd.service(5), "Command lines".

    Raises:
        RequestError: it holds control characters.
    """
    escaped = _specifiers_escaped(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped.replace("$", "$$") if dollar else escaped}"'


def _specifiers_escaped(word: str) -> str:
    if not word.isprintable():
        raise RequestError(f"expected a text without control characters for a systemd unit, got {word!r}; rename it")
    return word.replace("%", "%%")
