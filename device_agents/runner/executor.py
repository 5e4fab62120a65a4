"""What the runner needs of an accelerator; the one that there is, CUDA, is in `cuda`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any


class Executor(ABC):
    """An accelerator, ready to run models of this process."""

    @property
    @abstractmethod
    def device(self) -> Any:
        """The `torch.device` to build models on."""

    @abstractmethod
    def synchronise(self) -> None:
        """Waits until all that was asked of it is done."""

    @abstractmethod
    def limit_memory(self) -> None:
        """Keeps what comes from now on to the limit of memory, where there is one."""

    @abstractmethod
    def allocated_bytes(self) -> int:
        """Returns the memory that tensors of this process hold there now."""

    @abstractmethod
    def reset_peak(self) -> None:
        """Makes the peak start again from what is held now."""

    @abstractmethod
    def peak_bytes(self) -> int:
        """Returns the most that was held since the process began or `reset_peak`."""

    @abstractmethod
    def telling_memory(self) -> AbstractContextManager[None]:
        """Returns a context in which a lack of its memory is a `MemoryError` that says so."""
