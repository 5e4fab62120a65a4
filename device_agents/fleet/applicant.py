"""A device that wants to join: who it is, and what keeps it out before anybody is asked."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_agents.environment import available_memory_bytes, boot_identity, device_identity
from device_agents.errors import DeviceError
from device_agents.fleet.device_name import check_device_name
from device_agents.fleet.ports import NodePorts
from device_agents.fleet.registry import Enrolled
from device_agents.fleet.software import own_software

MEMORY_BYTES = 600 * 10**6
"""Ray's node and the agent take 350 MB, the runner with torch 250 MB more."""
DISK_BYTES = 300 * 10**6
DISK_FOLDER = Path("/tmp")


@dataclass(frozen=True)
class Applicant:
    """What a device joins with.

    Attributes:
        name: the name that the user gives it.
        address: the address at which the controller shall reach it.
        ports: the ports of its node.
        agent: how its agent is made: ``{"kind": "local" | "ssh", "options": …}``.
        identity: the stable identity of what is measured.
    """

    name: str
    address: str
    ports: NodePorts
    agent: Mapping[str, Any] = field(default_factory=lambda: {"kind": "local", "options": {}})
    identity: str = field(default_factory=device_identity)

    def __post_init__(self) -> None:
        check_device_name(self.name)

    def to_json(self) -> dict[str, Any]:
        """Returns what the controller is told."""
        described = Enrolled(
            self.name,
            self.identity,
            self.address,
            agent=self.agent,
            software=own_software(),
            boot=boot_identity(),
        )
        return described.to_json()

    def shortages(self, memory_bytes: int | None = None, disk_bytes: int | None = None) -> list[str]:
        """Returns one sentence for each thing that this machine lacks.

        Args:
            memory_bytes: memory that is free; asked of the machine, if not given.
            disk_bytes: disk space that is free; asked of the machine, if not given.
        """
        found = []
        free_bytes = available_memory_bytes() if memory_bytes is None else memory_bytes
        if free_bytes is not None and free_bytes < MEMORY_BYTES:
            found.append(
                f"expected {MEMORY_BYTES / 1e6:.0f} MB of free memory, got {free_bytes / 1e6:.0f} MB; end other "
                f"programs, or let a larger machine measure this one as its proxy (--ssh)"
            )
        disk = shutil.disk_usage(DISK_FOLDER).free if disk_bytes is None else disk_bytes
        if disk < DISK_BYTES:
            found.append(
                f"expected {DISK_BYTES / 1e6:.0f} MB of free disk in {DISK_FOLDER}, got {disk / 1e6:.0f} MB; free some"
            )
        if importlib.util.find_spec("ray") is None:
            found.append("Ray is not installed in this environment; install device_agents/requirements-device.txt")
        return found


def own_address(host: str, port: int) -> str:
    """Returns the address of this machine on the way to a controller.

    Raises:
        DeviceError: the host's name is not known, or there is no way there.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect(place)  # sends nothing: it only chooses the way
            return str(way.getsockname()[0])
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeviceError(
            f"there is no way to the controller {host} ({reason}); check its name and the network"
        ) from error
