"""Makes sure that only one process runs a campaign."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType

from protran.errors import CampaignBusyError


class CampaignLock(ABC):
    """A lock on one campaign, held from `acquire` to `release`; it dies with its process, however that dies."""

    @abstractmethod
    def acquire(self) -> CampaignLock:
        """Takes the lock.

        Raises:
            CampaignBusyError: another process has it.
            LedgerError: nobody can take it.
        """

    @abstractmethod
    def release(self) -> None:
        """Gives the lock back; may be called twice."""

    @property
    @abstractmethod
    def held(self) -> bool:
        """Whether it was taken here, and not given back."""

    def __enter__(self) -> CampaignLock:
        return self if self.held else self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def busy(name: str, holder: str) -> CampaignBusyError:
    """Returns the error that says who runs a campaign; `holder` is empty where that is not known."""
    who = f" ({holder})" if holder else ""
    return CampaignBusyError(f"campaign {name!r} is running already{who}; wait for it, stop it, or choose another name")
