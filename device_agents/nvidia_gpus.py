"""Finds the NVIDIA GPU that a user means, without CUDA: the driver's own library says which there are.

GPUs are numbered as `nvidia-smi` numbers them (by their place on the bus), whatever CUDA_VISIBLE_DEVICES says; the
runner is told the UUID, since CUDA's own order is another one (the fastest first).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device_agents.accelerator import Accelerator
from device_agents.errors import DeviceError, RequestError
from device_agents.meters.nvml import ask, load_nvml, plain_text
from device_agents.meters.sysfs import text_or_empty

ROOT = Path("/")
_DRIVER_FILES = ("dev/nvidiactl", "proc/driver/nvidia/version", "dev/dxg")  # the last one under Windows' WSL2
_BOARD_FILES = ("proc/device-tree/compatible", "proc/device-tree/model")
_OPTION = re.compile(r"cuda(?::(?P<index>\d{1,3})|:(?P<uuid>GPU-[0-9a-fA-F-]{1,64}))?")


def find_accelerator(option: str, root: Path = ROOT, nvml: Callable[[], Any] = load_nvml) -> Accelerator:
    """Returns the GPU that `option` names.

    Args:
        option: ``cuda`` (the first one), ``cuda:N`` (as `nvidia-smi` counts) or ``cuda:GPU-…`` (by its UUID).
        root: where the machine's file system starts.
        nvml: returns the library `pynvml`.

    Raises:
        RequestError: the option is none of these.
        DeviceError: there is no such GPU, or nothing that could say so.
    """
    match = _OPTION.fullmatch(option)
    if match is None:
        raise RequestError(f"accelerator must be cuda, cuda:N or cuda:GPU-…, as `nvidia-smi -L` lists; got {option!r}")
    wanted, uuid = int(match["index"] or 0), match["uuid"]
    compatible, model = (text_or_empty(root / file).replace("\0", " ").strip() for file in _BOARD_FILES)
    if "nvidia,tegra" in compatible:
        if wanted or uuid:
            raise DeviceError(f"expected cuda on {model}, which has one GPU, got {option}; write cuda")
        return Accelerator("", f"GPU of {model}", None, "")
    if not any((root / file).exists() for file in _DRIVER_FILES):
        raise DeviceError(
            f"expected an NVIDIA GPU for the accelerator {option}, found no NVIDIA driver on this machine; install the "
            f"driver until `nvidia-smi` lists the GPU, nvidia-ml-py (pip install 'protran[gpu]') and a torch that was "
            f"built for CUDA, or measure on the processor"
        )
    found = _listed(nvml())
    chosen = found[wanted : wanted + 1] if uuid is None else [gpu for gpu in found if gpu.uuid == uuid]
    if not chosen:
        there = ", ".join(f"cuda:{index} {gpu.name}" for index, gpu in enumerate(found)) or "none"
        raise DeviceError(f"expected one of the GPUs of this machine ({there}), got {option}; see `nvidia-smi -L`")
    return chosen[0]


def _listed(library: Any) -> list[Accelerator]:
    ask(library, "nvmlInit")
    try:
        driver = plain_text(ask(library, "nvmlSystemGetDriverVersion"))
        count = ask(library, "nvmlDeviceGetCount")
        gpus = [ask(library, "nvmlDeviceGetHandleByIndex", index) for index in range(count)]
        return [
            Accelerator(
                uuid=plain_text(ask(library, "nvmlDeviceGetUUID", gpu)),
                name=plain_text(ask(library, "nvmlDeviceGetName", gpu)),
                memory_bytes=_memory_bytes(library, gpu),
                driver=driver,
            )
            for gpu in gpus
        ]
    finally:
        library.nvmlShutdown()


def _memory_bytes(library: Any, gpu: Any) -> int | None:
    """Returns the GPU's own memory; None where the driver does not say, as of one that shares the machine's."""
    try:
        return int(ask(library, "nvmlDeviceGetMemoryInfo", gpu).total)
    except DeviceError:
        return None
