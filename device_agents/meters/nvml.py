"""NVIDIA GPUs through NVML: the energy counter for energy, power samples for the trace."""

from __future__ import annotations

import functools
import importlib
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


def open_nvml(library: Any = None, clock: Clock | None = None, poller: Poller | None = None) -> Meter:
    """Returns a meter of all GPUs of this machine, and of nothing else of it.

    Args:
        library: stands for `pynvml`, which is imported if it is not given.
        clock: what stamps the samples.
        poller: what looks while a window is open; ten times per second, if not given.

    Raises:
        DeviceError: there is no library, driver or GPU, or a GPU tells neither energy nor power (Jetson: use hwmon).
    """
    library, clock = library or load_nvml(), clock or SystemClock()
    poller = poller or ThreadPoller(RATE_HZ)
    _ask(library, "nvmlInit")
    try:
        return _of_all_gpus(library, clock, poller)
    except BaseException:
        library.nvmlShutdown()
        raise


def _of_all_gpus(library: Any, clock: Clock, poller: Poller) -> Meter:
    gpus = [_ask(library, "nvmlDeviceGetHandleByIndex", index) for index in range(_ask(library, "nvmlDeviceGetCount"))]
    if not gpus:
        raise DeviceError("NVML: expected at least one GPU, found none; run `nvidia-smi`")
    names = [_text(_ask(library, "nvmlDeviceGetName", gpu)) for gpu in gpus]
    name = f"NVML of {', '.join(f'GPU {index} {gpu_name}' for index, gpu_name in enumerate(names))}"
    counts = all(_answers(library, "nvmlDeviceGetTotalEnergyConsumption", gpu) for gpu in gpus)
    samples = all(_answers(library, "nvmlDeviceGetPowerUsage", gpu) for gpu in gpus)
    if not counts and not samples:
        raise DeviceError(f"{name}: the driver tells neither energy nor power; on a Jetson use the meter hwmon")

    def power_w() -> float:
        return 1e-3 * sum(float(_ask(library, "nvmlDeviceGetPowerUsage", gpu)) for gpu in gpus)  # milliwatts

    def open_window() -> LiveWindow:
        of_power = SampleWindow(name, power_w, clock) if samples else None
        if of_power is not None and not counts:
            return of_power
        return CounterWindow(counters, clock, samples=of_power, with_trace=False)

    counters = [Counter(f"GPU {index}", functools.partial(_joules, library, gpu)) for index, gpu in enumerate(gpus)]
    return PolledMeter(
        name,
        open_window,
        poller,
        energy=Provenance.MEASURED_COUNTER if counts else Provenance.MEASURED_SAMPLED,
        power=Provenance.MEASURED_SAMPLED if samples else Provenance.UNAVAILABLE,
        bandwidth_hz=BANDWIDTH_HZ if samples else None,
        let_go=library.nvmlShutdown,
    )


def _joules(library: Any, gpu: Any) -> float:
    return 1e-3 * float(_ask(library, "nvmlDeviceGetTotalEnergyConsumption", gpu))  # millijoules


def _ask(library: Any, question: str, *arguments: Any) -> Any:
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


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name  # bytes before nvidia-ml-py 12
