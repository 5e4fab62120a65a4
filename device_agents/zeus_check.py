"""A cross-check of the NVML meter: the same window of work, read by it and by the device layer of Zeus.

Only `zeus.device` is imported: `zeus.monitor` costs 1.6 s and 155 MB. Both read the same driver, so that this checks
our units, sums and windows, and not the driver's figures.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from device_agents.clock import Clock
from device_agents.errors import DeviceError
from device_agents.meters.base import Meter
from device_agents.meters.nvml import open_nvml

INSTALL = "pip install 'protran[zeus]'"
_CHOSEN = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class ZeusCheck:
    """What both saw of the GPUs in one window.

    Attributes:
        ours_j: energy that our meter read.
        zeus_j: energy that Zeus read.
        duration_s: length of our window.
        meter: name of our meter.
    """

    ours_j: float
    zeus_j: float
    duration_s: float
    meter: str

    @property
    def ratio(self) -> float:
        """Our energy as a multiple of Zeus's; 1 where they agree."""
        return self.ours_j / self.zeus_j

    def to_json(self) -> dict[str, Any]:
        """Returns ``{"ours_j", "zeus_j", "ratio", "duration_s", "meter"}``."""
        return {
            "ours_j": self.ours_j,
            "zeus_j": self.zeus_j,
            "ratio": self.ratio,
            "duration_s": self.duration_s,
            "meter": self.meter,
        }


def load_zeus_device() -> Any:
    """Returns the module `zeus.device`.

    Raises:
        DeviceError: it is not installed.
    """
    try:
        return importlib.import_module("zeus.device")
    except ImportError as error:
        raise DeviceError(f"the library zeus is not installed; run: {INSTALL}") from error


def cross_check(
    work: Callable[[], object],
    *,
    library: Any = None,
    open_meter: Callable[..., Meter] = open_nvml,
    clock: Clock | None = None,
) -> ZeusCheck:
    """Runs `work` once and returns the energy of all GPUs meanwhile, as our NVML meter and as Zeus reads it.

    The window should last ten seconds or more: the drivers' counters move ten times per second or less often, and both
    reads of one end of the window are a few milliseconds apart.

    Args:
        work: keeps the GPU busy.
        library: stands for `zeus.device`, which is imported if it is not given.
        open_meter: opens our meter, given `clock`.
        clock: what stamps our window.

    Raises:
        DeviceError: Zeus or a GPU is missing, Zeus is told to see fewer GPUs than we do, or one of both read no energy.
    """
    library = library or load_zeus_device()
    if os.environ.get(_CHOSEN) is not None:
        raise DeviceError(f"expected {_CHOSEN} unset, got {os.environ[_CHOSEN]!r}: Zeus reads those GPUs, we read all")
    gpus = _zeus_gpus(library)
    meter = open_meter(clock=clock)
    try:
        before_j = _zeus_j(gpus)
        with meter.window("zeus check") as window:
            work()
        zeus_j = _zeus_j(gpus) - before_j
    finally:
        meter.close()
    ours_j = window.reading.energy_j
    if ours_j is None or zeus_j <= 0:
        told = "none" if ours_j is None else f"{ours_j:g} J"
        raise DeviceError(
            f"expected energy from both, {meter.name} read {told} and Zeus {zeus_j:g} J in "
            f"{window.reading.duration_s:g} s; let the work last for ten seconds or more"
        )
    return ZeusCheck(ours_j, zeus_j, window.reading.duration_s, meter.name)


def _zeus_gpus(library: Any) -> Any:
    try:
        gpus = library.get_gpus()
        count, counted = len(gpus), all(gpus.supports_get_total_energy_consumption(index) for index in range(len(gpus)))
    except Exception as error:  # Zeus has one class per fault of a driver, all of them in the module that may be absent
        raise DeviceError(f"Zeus found no GPU that it can read ({error}); run `nvidia-smi`") from error
    if not count:
        raise DeviceError("Zeus found no GPU that it can read; run `nvidia-smi`")
    if not counted:
        raise DeviceError("Zeus needs GPUs with an energy counter (Volta or later), one of these has none")
    return gpus


def _zeus_j(gpus: Any) -> float:
    try:
        return 1e-3 * sum(float(gpus.get_total_energy_consumption(index)) for index in range(len(gpus)))  # millijoules
    except Exception as error:  # see above
        raise DeviceError(f"Zeus cannot read the energy of a GPU ({error}); run `nvidia-smi`") from error
