"""An NVIDIA GPU that runs the models of this process.

CUDA does not survive a fork: what was initialised before is broken in the child. So it is initialised here, in the
child of one job, and never in the warm process that forks it, which imports torch but asks CUDA nothing, not even
whether there is a GPU. Each job pays for it with a second or more, before anything is timed.

Settings that change times are the same for every candidate: cuDNN does not try kernels out (which would choose by a few
noisy timings), and fp32 is fp32 (no TF32). Kernels need not be deterministic: deployed models use the fastest as well.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from device_agents.accelerator import OUT_OF_MEMORY
from device_agents.errors import DeviceError, RequestError
from device_agents.runner.executor import Executor

ONLY_ONE = "0"
"""What a board with one GPU calls it."""
_MEMORY_WORDS = ("out of memory", "alloc_failed")
"""Of torch's allocator and driver, and of cuBLAS and cuDNN, which bring memory of their own."""


class CudaGpu(Executor):
    """The one GPU that this process sees.

    Args:
        device: its `torch.device`.
        name: its model name, for errors.
        memory_bytes: what a candidate may have of its memory; None for all of it.
    """

    def __init__(self, device: torch.device, name: str, memory_bytes: int | None) -> None:
        self._device = device
        self._memory_bytes = memory_bytes
        self._allowance = f"{name} has free" if memory_bytes is None else f"the limit of {memory_bytes / 1e6:.0f} MB"

    @property
    def device(self) -> torch.device:
        """The device to build models on."""
        return self._device

    def synchronise(self) -> None:
        """Waits until all that was asked of the GPU is done: calls return before their work is."""
        torch.cuda.synchronize(self._device)

    def limit_memory(self) -> None:
        """Lets tensors take no more than the limit beyond what is held now, which is the reference's."""
        if self._memory_bytes is not None:
            allowed_bytes = torch.cuda.memory_reserved(self._device) + self._memory_bytes
            total_bytes = torch.cuda.get_device_properties(self._device).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, allowed_bytes / total_bytes), self._device)

    def allocated_bytes(self) -> int:
        """Returns the memory that tensors of this process hold there now."""
        return int(torch.cuda.memory_allocated(self._device))

    def reset_peak(self) -> None:
        """Makes the peak start again from what is held now."""
        torch.cuda.reset_peak_memory_stats(self._device)

    def peak_bytes(self) -> int:
        """Returns the most that tensors held since `reset_peak`."""
        return int(torch.cuda.max_memory_allocated(self._device))

    @contextmanager
    def telling_memory(self) -> Iterator[None]:
        """Turns the errors of a GPU that lacks memory into a `MemoryError` that says so. Raises it in their place."""
        try:
            yield
        except RuntimeError as error:
            if not any(words in str(error).lower() for words in _MEMORY_WORDS):
                raise
            raise MemoryError(f"{OUT_OF_MEMORY}: the model needs more than {self._allowance}") from error


def open_executor(told: Mapping[str, Any]) -> CudaGpu:
    """Returns the GPU that a payload names, from now on the only one that this process sees.

    Args:
        told: what `Accelerator.payload` returned.

    Raises:
        RequestError: it is no NVIDIA GPU.
        DeviceError: torch was built without CUDA, or the GPU cannot be used.
    """
    if told.get("kind") != "cuda":
        raise RequestError(f"accelerator: kind must be cuda, got {told.get('kind')!r}")
    return _opened(str(told["uuid"] or ONLY_ONE), str(told["name"]), told["memory_bytes"])


@functools.cache
def _opened(visible: str, name: str, memory_bytes: int | None) -> CudaGpu:
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        raise DeviceError(
            f"expected a torch that was built for CUDA, to use {name}, got {torch.__version__}; install one for the "
            f"interpreter that runs models (pytorch.org/get-started; on a Jetson NVIDIA's own)"
        )
    # Read by the driver when it is initialised. By UUID: CUDA's own order of GPUs is not the one of nvidia-smi.
    os.environ.update(CUDA_DEVICE_ORDER="PCI_BUS_ID", CUDA_VISIBLE_DEVICES=visible)
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as error:  # no driver, no such GPU, or initialised before the fork
        reason = " ".join(str(error).split())
        raise DeviceError(f"the GPU {name} cannot be used ({reason}); look at `nvidia-smi`") from error
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device("cuda", 0)
    torch.cuda.set_device(device)
    return CudaGpu(device, name, memory_bytes)
