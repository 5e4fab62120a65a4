"""This process's connection to the fleet whose controller runs on this machine."""

from __future__ import annotations

import contextlib
import socket
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.folder import FACTS, TOKEN, fleet_folder, read_object
from device_agents.fleet.ray_settings import LOOPBACK_ONLY, environment, ray_environment
from device_agents.fleet.ray_silence import mute, ray_log_to
from device_agents.fleet.tls import TlsFiles

NAMESPACE = "protran"
PROBE_S = 5.0


@dataclass(frozen=True)
class FleetPlace:
    """Where the controller of this machine is.

    Attributes:
        address: its IP address.
        gate_port: where devices ask.
        ray_port: port of Ray's state service.
        token: file of the fleet's secret.
        tls: certificates; None where the fleet does not speak TLS.
        pid: process of the controller.
    """

    address: str
    gate_port: int
    ray_port: int
    token: Path
    tls: TlsFiles | None
    pid: int

    @property
    def loopback(self) -> bool:
        """Whether it can be reached from this machine only."""
        return self.address.startswith("127.")


def fleet_place(folder: Path | None = None) -> FleetPlace:
    """Returns where this machine's controller is.

    Raises:
        DeviceError: none was started, or its files cannot be read.
    """
    folder = folder or fleet_folder()
    facts = read_object(folder / FACTS)
    if facts is None:
        raise DeviceError("no fleet was started on this machine; start one with `protran fleet start`")
    tls = TlsFiles(Path(facts["tls"])) if facts.get("tls") else None
    return FleetPlace(facts["address"], facts["gate_port"], facts["ray_port"], folder / TOKEN, tls, facts["pid"])


class FleetSession:
    """Connects to the fleet's Ray; leaves it running when it closes.

    Raises:
        DeviceError: the controller does not run, or this process has used another Ray before.
    """

    def __init__(self, place: FleetPlace | None = None) -> None:
        place = place or fleet_place()
        self._stack = contextlib.ExitStack()
        if "ray" in sys.modules and sys.modules["ray"].is_initialized():
            raise DeviceError("this process uses another Ray already; start a new process for the fleet")
        _probe(place)
        with contextlib.ExitStack() as stack:
            stack.enter_context(environment(_settings(place)))
            stack.enter_context(ray_log_to(None))
            try:
                self.ray = _connect(place)
            except Exception as error:
                reason = " ".join(str(error).split())[:300]
                raise DeviceError(
                    f"cannot connect to the fleet at {place.address}:{place.ray_port} ({type(error).__name__}: {reason}"
                    f"); see `protran fleet status`"
                ) from error
            stack.callback(self.ray.shutdown)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Leaves the fleet. May be called twice."""
        self._stack.close()


def _probe(place: FleetPlace) -> None:
    """Ray waits for minutes where nobody listens."""
    try:
        socket.create_connection((place.address, place.ray_port), timeout=PROBE_S).close()
    except OSError as error:
        raise DeviceError(
            f"the fleet's controller at {place.address}:{place.ray_port} does not answer ({error.strerror or error}); "
            f"start it again with `protran fleet start`"
        ) from error


def _connect(place: FleetPlace) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray  # noqa: PLC0415 (half a second, and it reads the environment: only once that is set)

        mute(ray)
        ray.init(
            address=f"{place.address}:{place.ray_port}",
            namespace=NAMESPACE,
            log_to_driver=False,
            configure_logging=False,
        )
    return ray


def _settings(place: FleetPlace) -> dict[str, str]:
    return {**ray_environment(place.token, place.tls), **(LOOPBACK_ONLY if place.loopback else {})}
