"""NVIDIA GPUs through NVML: the energy counter for energy, power samples for the trace."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

from device_agents.clock import Clock, SystemClock
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters.base import Meter
from device_agents.meters.counters import Counter, CounterWindow
from device_agents.meters.polled import LiveWindow, PolledMeter
from device_agents.meters.poller import Poller, ThreadPoller
from device_agents.meters.samples import SampleWindow

RATE_HZ = 10.0
BANDWIDTH_HZ = 0.5
"""Power is a mean over one second on Ampere and later; of older GPUs this says too little rather than too much."""


def load_nvml() -> Any:
    """Returns the library `pynvml`.

    Raises:
        DeviceError: it is not installed.
    """
    try:
        return importlib.import_module("pynvml")
    except ImportError as error:
        raise DeviceError("the library nvidia-ml-py is not installed; run: pip install 'protran[gpu]'") from error


def open_nvml(
    library: Any = None, clock: Clock | None = None, poller: Poller | None = None, gpus: Sequence[str] = ()
) -> Meter:
    """Returns a meter of GPUs of this machine, and of nothing else of it.

    Args:
        library: stands for `pynvml`, which is imported if it is not given.
        clock: what stamps the samples.
        poller: what looks while a window is open; ten times per second, if not given.
        gpus: UUIDs of the GPUs; all of them, if empty.

    Raises:
        DeviceError: there is no library, driver or GPU, or a GPU tells neither energy nor power (Jetson: use hwmon).
    """
    library, clock = library or load_nvml(), clock or SystemClock()
    poller = poller or ThreadPoller(RATE_HZ)
    ask(library, "nvmlInit")
    try:
        return _of_gpus(library, clock, poller, gpus)
    except BaseException:
        library.nvmlShutdown()
        raise


def _of_gpus(library: Any, clock: Clock, poller: Poller, wanted: Sequence[str]) -> Meter:
    handles = _handles(library, wanted)
    gpus = list(handles.values())
    names = [f"GPU {index} {plain_text(ask(library, 'nvmlDeviceGetName', gpu))}" for index, gpu in handles.items()]
    name = f"NVML of {', '.join(names)}{', the GPU alone' if wanted else ''}"
    counts = all(_answers(library, "nvmlDeviceGetTotalEnergyConsumption", gpu) for gpu in gpus)
    samples = all(_answers(library, "nvmlDeviceGetPowerUsage", gpu) for gpu in gpus)
    if not counts and not samples:
        raise DeviceError(f"{name}: the driver tells neither energy nor power; on a Jetson use the meter hwmon")

    def power_w() -> float:
        return 1e-3 * sum(float(ask(library, "nvmlDeviceGetPowerUsage", gpu)) for gpu in gpus)  # milliwatts

    def open_window() -> LiveWindow:
        of_power = SampleWindow(name, power_w, clock) if samples else None
        if of_power is not None and not counts:
            return of_power
        return CounterWindow(counters, clock, samples=of_power, with_trace=False)

    counters = [Counter(f"GPU {index}", functools.partial(_joules, library, gpu)) for index, gpu in handles.items()]
    return PolledMeter(
        name,
        open_window,
        poller,
        energy=Provenance.MEASURED_COUNTER if counts else Provenance.MEASURED_SAMPLED,
        power=Provenance.MEASURED_SAMPLED if samples else Provenance.UNAVAILABLE,
        bandwidth_hz=BANDWIDTH_HZ if samples else None,
        let_go=library.nvmlShutdown,
    )


def _handles(library: Any, wanted: Sequence[str]) -> dict[int, Any]:
    """Returns the GPUs of these UUIDs, or all, by their number."""
    count = ask(library, "nvmlDeviceGetCount")
    if not count:
        raise DeviceError("NVML: expected at least one GPU, found none; run `nvidia-smi`")
    handles = {index: ask(library, "nvmlDeviceGetHandleByIndex", index) for index in range(count)}
    if not wanted:
        return handles
    uuids = {plain_text(ask(library, "nvmlDeviceGetUUID", gpu)): index for index, gpu in handles.items()}
    absent = [uuid for uuid in wanted if uuid not in uuids]
    if absent:
        raise DeviceError(f"NVML: expected one of the GPUs {', '.join(uuids)}, got {absent[0]}; see `nvidia-smi -L`")
    return {uuids[uuid]: handles[uuids[uuid]] for uuid in wanted}


def _joules(library: Any, gpu: Any) -> float:
    return 1e-3 * float(ask(library, "nvmlDeviceGetTotalEnergyConsumption", gpu))  # millijoules


def ask(library: Any, question: str, *arguments: Any) -> Any:
    """Returns the answer of the library. Raises `DeviceError` where it has none."""
    try:
        return getattr(library, question)(*arguments)
    except library.NVMLError as error:
        raise DeviceError(f"NVML: {question} failed ({error}); run `nvidia-smi`") from error


def _answers(library: Any, question: str, gpu: Any) -> bool:
    """Returns whether the driver has a figure; some answer 0 to what they do not support."""
    try:
        return float(getattr(library, question)(gpu)) > 0
    except library.NVMLError:
        return False


def plain_text(name: str | bytes) -> str:
    """Returns a text of the library."""
    return name.decode() if isinstance(name, bytes) else name  # bytes before nvidia-ml-py 12
