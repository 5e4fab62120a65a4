"""The ports of a controller and of a device: pinned, so that a firewall can be told of them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from device_agents.errors import DeviceError

CONTROLLER_PORT = 6377
"""Where a controller's ports begin, and the one that devices are told."""
DEVICE_PORT = 6420
"""Where a device's ports begin: beyond the controller's, so that one machine can be both."""
CONTROLLER_WORKERS = 30
DEVICE_WORKERS = 10


@dataclass(frozen=True)
class NodePorts:
    """The ports of one Ray node.

    Attributes:
        first: port of the node manager; the object manager, the runtime environment agent and the metrics follow it.
        workers: number of ports for worker processes, after those.
    """

    first: int
    workers: int

    @property
    def last(self) -> int:
        """The last port."""
        return self.first + 3 + self.workers

    def arguments(self) -> list[str]:
        """Returns the arguments for ``ray start``."""
        return [
            f"--node-manager-port={self.first}",
            f"--object-manager-port={self.first + 1}",
            f"--runtime-env-agent-port={self.first + 2}",
            f"--metrics-export-port={self.first + 3}",
            f"--min-worker-port={self.first + 4}",
            f"--max-worker-port={self.last}",
        ]


@dataclass(frozen=True)
class ControllerPorts:
    """A controller's ports.

    Attributes:
        gate: where devices ask to be let in.
    """

    gate: int = CONTROLLER_PORT

    def __post_init__(self) -> None:
        check_port(self.gate, self.node.last)

    @property
    def ray(self) -> int:
        """Port of Ray's state service."""
        return self.gate + 1

    @property
    def node(self) -> NodePorts:
        """The ports of the controller's own node."""
        return NodePorts(self.gate + 2, CONTROLLER_WORKERS)

    @property
    def pinned(self) -> tuple[int, ...]:
        """The ports that must be free at the start; of those for worker processes Ray takes the free ones."""
        return tuple(range(self.gate, self.node.first + 4))

    @property
    def span(self) -> str:
        """First and last port, for a firewall."""
        return f"{self.gate}-{self.node.last}"


def device_ports(first: int = DEVICE_PORT) -> NodePorts:
    """Returns the ports of a device.

    Raises:
        DeviceError: they do not lie between 1024 and 65535.
    """
    ports = NodePorts(first, DEVICE_WORKERS)
    check_port(first, ports.last)
    return ports


def check_port(first: int, last: int) -> None:
    """Raises `DeviceError` unless the ports from `first` to `last` can be used without special rights."""
    if not 1024 <= first <= last <= 65535:
        raise DeviceError(f"expected ports between 1024 and 65535, got {first} to {last}; choose another first port")


def check_free(address: str, ports: tuple[int, ...]) -> None:
    """Raises `DeviceError` unless all ports can be listened on: Ray would take whoever holds one for itself."""
    for port in ports:
        try:
            socket.create_server((address, port)).close()
        except OSError as error:
            raise DeviceError(
                f"cannot listen on {address}:{port} ({os.strerror(error.errno or 0)}); give an address of this machine "
                f"with --bind, or other ports with --port"
            ) from error
