"""Ray nodes of a fleet, the controller's and a device's: without dashboard, client server or monitor."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from device_agents.fleet.folder import STATE_STORE, TOKEN, private_folder
from device_agents.fleet.ports import ControllerPorts, NodePorts
from device_agents.fleet.processes import ChildProcess
from device_agents.fleet.ray_settings import LOOPBACK_ONLY, OBJECT_STORE_BYTES, controller_environment
from device_agents.fleet.tls import TlsFiles

CONTROLLER_RESOURCE = "controller"
LOCAL_RESOURCE = "device:local"


def ray_command(address: str) -> list[str]:
    """Returns the start of a command of Ray for a node of this address."""
    program = "device_agents.fleet.ray_program"
    return [sys.executable, "-m", program, "start", "--block", f"--node-ip-address={address}"]


def common_arguments(ports: NodePorts, folder: Path) -> list[str]:
    """Returns the arguments that every node of a fleet shares."""
    return [
        *ports.arguments(),
        f"--object-store-memory={OBJECT_STORE_BYTES}",
        "--include-log-monitor=false",
        "--disable-usage-stats",
        "--num-gpus=0",  # agents see every accelerator, and Ray counts none
        f"--temp-dir={folder}",
    ]


def start_head(
    folder: Path, address: str, ports: ControllerPorts, ray_folder: Path, tls: TlsFiles | None
) -> ChildProcess:
    """Starts the controller's node.

    Args:
        folder: the fleet's folder, with the token.
        address: IP address to listen on.
        ports: pinned ports.
        ray_folder: for sockets and logs.
        tls: certificates.

    Raises:
        DeviceError: the process cannot be started.
    """
    store = private_folder(folder / STATE_STORE)
    loopback = LOOPBACK_ONLY if address.startswith("127.") else {}
    environment = {**os.environ, **controller_environment(folder / TOKEN, store, tls), **loopback}
    command = [
        *ray_command(address),
        "--head",
        f"--port={ports.ray}",
        *common_arguments(ports.node, ray_folder / "r"),
        f"--num-cpus={os.cpu_count() or 1}",
        "--include-dashboard=false",
        "--no-monitor",
        f"--resources={json.dumps({CONTROLLER_RESOURCE: 1, LOCAL_RESOURCE: 1})}",
    ]
    return ChildProcess(command, environment, folder / "ray.log", ray_folder)


def start_device_node(
    name: str, controller: str, address: str, ports: NodePorts, ray_folder: Path, environment: dict[str, str]
) -> ChildProcess:
    """Starts the node of a device and joins it to a controller.

    Args:
        name: the device's name.
        controller: host and port of the controller's Ray.
        address: the device's own address, which the controller reaches.
        ports: pinned ports.
        ray_folder: for sockets and logs.
        environment: variables beyond this process's own; see `device_environment`.

    Raises:
        DeviceError: the process cannot be started.
    """
    command = [
        *ray_command(address),
        f"--address={controller}",
        f"--node-name={name}",
        *common_arguments(ports, ray_folder / "r"),
        f"--num-cpus={os.cpu_count() or 1}",
        f"--resources={json.dumps({f'device:{name}': 1})}",
        f"--labels=protran/device={name}",
    ]
    return ChildProcess(command, {**os.environ, **environment}, ray_folder / "node.log", ray_folder)
