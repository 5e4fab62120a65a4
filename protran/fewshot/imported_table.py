"""A table of measurements that is to be imported, and the conditions that it does not tell."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.registry import enrolled_devices
from device_agents.simulated_devices import is_simulated
from device_agents.workload import Workload
from protran.devices import LOCAL
from protran.errors import InputError
from protran.names import check_name
from search_spaces.input_spec import InputSpec
from search_spaces.space import DesignSpace

PREFIX = "imported:"
"""What the identity of an imported device begins with: nobody can be asked there."""


@dataclass(frozen=True)
class TableImport:
    """What to import, and under which conditions it was measured: the table does not say.

    Attributes:
        path: the table, as `read_table` reads it.
        device: what to call its device.
        space: where its architectures are from.
        input_spec: what the models read.
        workload: what a call was.
        per_sequence: seconds and joules are those of one sequence, not of a call of the workload.
    """

    path: Path
    device: str
    space: DesignSpace
    input_spec: InputSpec
    workload: Workload
    per_sequence: bool = False

    @property
    def identity(self) -> str:
        """The identity that its measurements carry."""
        return PREFIX + self.device

    def check(self) -> None:
        """Raises `InputError` where the name is that of a device that can be measured on, or the file is not there."""
        advice = "choose another --device for the table"
        if self.device == LOCAL or is_simulated(self.device):
            got = f"got {self.device!r}, which can be measured on"
            raise InputError(f"expected a name of its own for the table's device, {got}; {advice}")
        check_name(self.device, "a device's name")
        try:
            enrolled = enrolled_devices()
        except DeviceError as error:
            raise InputError(str(error)) from None
        if self.device in enrolled:
            got = f"got {self.device!r}, which is enrolled here"
            raise InputError(f"expected a name of its own for the table's device, {got}; {advice}")
        if not self.path.is_file():
            raise InputError(f"{self.path}: expected a table of measurements, got no such file; check the path")

    def origin(self) -> dict[str, Any]:
        """Returns where the device comes from, as JSON. Raises `InputError` where the file cannot be read."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror}") from error
        return {
            "file": self.path.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "space": self.space.name,
            "space_key": self.space.key,
            "input_spec": self.input_spec.to_json(),
            "workload": self.workload.to_json(),
            "per_sequence": self.per_sequence,
        }
