"""Where an enrolment puts things on a device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Places:
    """Paths on a device, below its user's home folder.

    Attributes:
        home: the home folder.
    """

    home: str

    @property
    def base(self) -> str:
        """The folder that holds everything but the service."""
        return f"{self.home}/.local/share/protran"

    @property
    def environment(self) -> str:
        """The virtual environment of the agent."""
        return f"{self.base}/environment"

    @property
    def python(self) -> str:
        """The interpreter of that environment."""
        return f"{self.environment}/bin/python"

    @property
    def packages(self) -> str:
        """Our packages once more, for an interpreter of the device's own."""
        return f"{self.base}/packages"

    @property
    def temporary(self) -> str:
        """Where pip unpacks: the system's own place is in memory on many boards, and too small."""
        return f"{self.base}/temporary"

    def token(self, device: str) -> str:
        """Returns the file of the fleet's token."""
        return f"{self.base}/{device}.token"
