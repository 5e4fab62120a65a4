"""What one `protran profile` measures: every asked length and batch size, on every asked device."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from protran.errors import InputError

if TYPE_CHECKING:
    from device_agents.workload import Workload
    from search_spaces.input_spec import InputSpec


@dataclasses.dataclass(frozen=True)
class Point:
    """One device, and one call of the model on it."""

    device: str
    input_spec: InputSpec
    workload: Workload

    @property
    def text(self) -> str:
        """For example ``local, length 128, batch 8``."""
        return f"{self.device}, length {self.input_spec.length}, batch {self.workload.batch_size}"


def points_of(devices: Sequence[str], input_specs: Sequence[InputSpec], workloads: Sequence[Workload]) -> list[Point]:
    """Returns the product of the three: device by device, then length by length, then batch by batch."""
    return [Point(device, spec, call) for device in devices for spec in input_specs for call in workloads]


def is_sweep(points: Sequence[Point]) -> bool:
    """Returns whether more differs between the points than the device."""
    return len({(point.input_spec, point.workload) for point in points}) > 1


def devices_of(names: Sequence[str] | None) -> list[str]:
    """Returns the devices to measure on; several are checked before the first of them starts to work.

    Raises:
        InputError: two are the same, or one of several is not known.
    """
    from protran.devices import LOCAL, check_known

    if names and len(names) > 1:
        check_known(names)
    return list(names or [LOCAL])


def devices_with(accelerator: str | None, names: Sequence[str] | None) -> list[str]:
    """Returns the devices to measure on: this machine alone where one of its GPUs shall run the model.

    Raises:
        InputError: an accelerator, and another device than this machine; or as `devices_of`.
    """
    from protran.devices import LOCAL

    if accelerator is not None and names and set(names) != {LOCAL}:
        raise InputError(
            f"--accelerator is of this machine, got --device {', '.join(names)}; a device of the fleet joins with its "
            f"GPU: protran device join … --accelerator"
        )
    return devices_of(names)


def input_specs_of(input_spec: InputSpec, lengths: Sequence[int] | None) -> list[InputSpec]:
    """Returns what the model reads at each of `lengths`; its own input where none is given.

    Raises:
        InputError: two lengths are the same, or the model cannot read one of them.
    """
    from search_spaces.errors import SpaceError

    _check_differ("length", lengths)
    specs = []
    for length in lengths or [input_spec.length]:
        try:
            specs.append(dataclasses.replace(input_spec, length=length))
        except SpaceError as error:
            raise InputError(f"--length {length} is none that this model reads: {error}") from error
    return specs


def workloads_of(kind: str, batches: Sequence[int] | None, micro_batches: int) -> list[Workload]:
    """Returns a call of each batch size; of one sequence where none is given.

    Raises:
        InputError: two batch sizes are the same.
        RequestError: an unknown kind, or a batch that has no such number of equal parts.
    """
    from device_agents.workload import Workload

    _check_differ("batch", batches)
    return [Workload(kind, batch, micro_batches) for batch in batches or [1]]  # type: ignore[arg-type]  # it reads the text of a kind


def _check_differ(option: str, values: Sequence[int] | None) -> None:
    if values and len(set(values)) != len(values):
        got = ", ".join(map(str, values))
        raise InputError(f"values of --{option} must differ, got {got}; ask for more --repeats instead")
