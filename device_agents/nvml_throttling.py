"""Whether an NVIDIA GPU is throttled now, as its driver says.

Of the driver's reasons for a lower clock those count that say that the GPU cannot go on like this: heat, and a power
brake from outside. Its own power limit does not count: large models run at it, and it is as much a property of the card
as its clock; a change of speed between windows shows as drift. Nor does the plain hardware slowdown, which may also be
up while the clock changes.

Source: NVIDIA, NVML API reference, "NvmlClocksEventReasons" (the bits), and NVIDIA, DCGM API, "Field Constants"
(DCGM_CLOCKS_EVENT_REASON_HW_SLOWDOWN is also raised at a change of the performance state).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from device_agents.errors import DeviceError
from device_agents.meters.nvml import ask, load_nvml
from device_agents.throttling import UNKNOWN_THROTTLING, Throttling, read_throttling

REASONS = {
    0x20: "the GPU's driver lowered its clock because of heat",
    0x40: "the GPU lowered its clock because of heat",
    0x80: "the GPU's power supply braked it",
}
_QUESTIONS = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
"""The newer name first; older drivers and libraries know the second alone."""
_OF_GPU_CHIP = 0  # NVML_TEMPERATURE_GPU


def machine_with_gpu(
    uuid: str, read: Callable[[], Throttling] = read_throttling, nvml: Callable[[], Any] = load_nvml
) -> Throttling:
    """Returns one look at the machine and at its GPU, whose temperature stands in the place of the processor's.

    A slow processor slows a GPU down that waits for it, so both count.

    Args:
        uuid: the GPU's; empty where the machine's own files speak for it (Jetson).
        read: looks at the machine.
        nvml: returns the library `pynvml`.
    """
    machine = read()
    gpu = gpu_throttling(uuid, nvml) if uuid else UNKNOWN_THROTTLING
    told = [look.throttled for look in (machine, gpu) if look.throttled is not None]
    celsius = machine.temperature_celsius if gpu.temperature_celsius is None else gpu.temperature_celsius
    return replace(
        machine,
        throttled=any(told) if told else None,
        reasons=(*machine.reasons, *gpu.reasons),
        temperature_celsius=celsius,
    )


def gpu_throttling(uuid: str, nvml: Callable[[], Any] = load_nvml) -> Throttling:
    """Returns whether a GPU is throttled now, with its temperature; unknown where its driver does not say."""
    try:
        library = nvml()
        ask(library, "nvmlInit")
    except DeviceError:
        return UNKNOWN_THROTTLING
    try:
        gpu = ask(library, "nvmlDeviceGetHandleByUUID", uuid)
        bits = next((bits for name in _QUESTIONS if (bits := _number(library, name, gpu)) is not None), None)
        celsius = _number(library, "nvmlDeviceGetTemperature", gpu, _OF_GPU_CHIP)
    except DeviceError:
        return UNKNOWN_THROTTLING
    finally:
        library.nvmlShutdown()
    reasons = tuple(reason for bit, reason in REASONS.items() if bits is not None and bits & bit)
    return Throttling(None if bits is None else bool(reasons), reasons, None if celsius is None else float(celsius))


def _number(library: Any, question: str, *arguments: Any) -> int | None:
    """Returns the answer; None where library or driver do not know the question."""
    try:
        return int(ask(library, question, *arguments))
    except (AttributeError, DeviceError):
        return None
