"""What is known of a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DeviceInfo:
    """A device of the fleet.

    Attributes:
        name: the name that the user gave, for example `local`.
        identity: stable identity (hash of the machine id and what executes: survives a restart).
        state: ready, busy, suspect, lost or refused.
        facts: processor, cores, memory_bytes, python, torch, sensors, reference_latency_s, reference_contended …
    """

    name: str
    identity: str
    state: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object from which `from_json` builds the same information."""
        return {"name": self.name, "identity": self.identity, "state": self.state, "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> DeviceInfo:
        """Returns the information that `to_json` wrote."""
        return cls(payload["name"], payload["identity"], payload["state"], dict(payload["facts"]))
