"""The devices that a controller knows, in one file that outlives it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.folder import REGISTRY, fleet_folder, read_object, write_object

VERSION = 1


@dataclass(frozen=True)
class Enrolled:
    """A device that has asked to be let in.

    Attributes:
        name: the name that the user gave.
        identity: its stable identity.
        address: the address at which the controller reaches it.
        admitted: whether it passed its self-test; else `reason` says what is missing.
        reason: one sentence, where it was refused.
        agent: how its agent is made: ``{"kind": "local" | "ssh", "options": …}``.
        software: versions of Python, Ray and ProTran there.
        facts: what its agent says of it.
        reference: JSON object of its `ReferenceLatency`, which gives all its seconds one scale.
        self_test: what the self-test found.
        boot: identity of its last start; another one means that it was started anew.
        enrolled_at: UTC time stamp.
        last_seen_at: UTC time stamp.
    """

    name: str
    identity: str
    address: str
    admitted: bool = False
    reason: str = ""
    agent: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] | None = None
    self_test: Mapping[str, Any] = field(default_factory=dict)
    boot: str = ""
    enrolled_at: str = ""
    last_seen_at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same device."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Enrolled:
        """Returns the device that `to_json` wrote; fields of later versions are left out."""
        known = {item.name for item in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in payload.items() if name in known})


class Registry:
    """The controller's own; its threads share it. Others read the file with `enrolled_devices`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._devices = _read(path)

    def all(self) -> tuple[Enrolled, ...]:
        """Returns every device, in the order in which they first asked."""
        with self._lock:
            return tuple(self._devices.values())

    def get(self, name: str) -> Enrolled | None:
        """Returns the device of a name."""
        with self._lock:
            return self._devices.get(name)

    def named(self, identity: str) -> str | None:
        """Returns the name under which an admitted device of this identity is known."""
        with self._lock:
            found = (
                device.name for device in self._devices.values() if device.identity == identity and device.admitted
            )
            return next(found, None)

    def put(self, device: Enrolled) -> None:
        """Records a device.

        Raises:
            DeviceError: the file cannot be written.
        """
        with self._lock:
            self._save({**self._devices, device.name: device})

    def revise(self, device: Enrolled, **changes: Any) -> Enrolled | None:
        """Changes some fields of what is recorded of a device, and returns the result; None where it was removed.

        Raises:
            DeviceError: the file cannot be written.
        """
        with self._lock:
            now = self._devices.get(device.name)
            if now is None or now.identity != device.identity:
                return None
            revised = dataclasses.replace(now, **changes)
            self._save({**self._devices, device.name: revised})
            return revised

    def remove(self, name: str) -> None:
        """Forgets a device. Raises `DeviceError` where there is none of this name."""
        with self._lock:
            if name not in self._devices:
                known = ", ".join(self._devices) or "none"
                raise DeviceError(f"expected a device of this fleet ({known}), got {name!r}; see `protran device list`")
            self._save({known: device for known, device in self._devices.items() if known != name})

    def _save(self, devices: dict[str, Enrolled]) -> None:
        content = {"version": VERSION, "devices": [device.to_json() for device in devices.values()]}
        write_object(self._path, content)
        self._devices = devices


def enrolled_devices(folder: Path | None = None) -> dict[str, Enrolled]:
    """Returns the devices that this machine's controller knows, by name; none where it never was one."""
    return _read((folder or fleet_folder()) / REGISTRY)


def enrolled_reader(name: str) -> Callable[[], Enrolled | None]:
    """Returns what reads one device of this machine's fleet, anew at each call; None once it was removed.

    Raises:
        DeviceError: there is no such device now; the message names those that there are.
    """
    known = enrolled_devices()
    if name not in known:
        names = ", ".join(known) or "none"
        raise DeviceError(
            f"expected a device of this machine's fleet ({names}), got {name!r}; see `protran device list`"
        )
    return lambda: enrolled_devices().get(name)


def _read(path: Path) -> dict[str, Enrolled]:
    content = read_object(path) or {"version": VERSION, "devices": []}
    if content.get("version") != VERSION:
        raise DeviceError(
            f"expected version {VERSION} in {path}, got {content.get('version')}; use the ProTran that wrote it"
        )
    try:
        devices = [Enrolled.from_json(item) for item in content["devices"]]
    except (KeyError, TypeError) as error:
        raise DeviceError(f"{path} is not a registry of devices ({error}); remove it to enrol them anew") from error
    return {device.name: device for device in devices}
