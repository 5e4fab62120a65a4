"""An entry that says what machine it runs on; it needs the standard library alone, and Python 3.10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_agents.device_facts import runtime_versions
from device_agents.environment import available_memory_bytes, device_identity, machine_facts
from device_agents.errors import RequestError
from device_agents.meters.discovery import discover
from device_agents.meters.reports import best_meter
from device_agents.throttling import read_throttling


def handle(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers one question about this machine, asked as a JSON object.

    ``{"facts": null}`` is answered with ``{"identity", "machine": MachineFacts, "sensors": [SensorReport], "meter":
    MeterSpec, "throttling": Throttling, "runtimes"}``, where the meter is the best of the usable sensors and the
    runtimes are versions by name, as this interpreter has them; ``{"memory": null}`` with ``{"available_bytes"}``,
    null where unknown.

    Raises:
        RequestError: the payload is neither.
    """
    if "facts" in payload:
        sensors = discover()
        return {
            "identity": device_identity(),
            "machine": machine_facts().to_json(),
            "sensors": [report.to_json() for report in sensors],
            "meter": best_meter(sensors).to_json(),
            "throttling": read_throttling().to_json(),
            "runtimes": runtime_versions(),
        }
    if "memory" in payload:
        return {"available_bytes": available_memory_bytes()}
    raise RequestError(f"expected facts or memory, got {', '.join(sorted(payload)) or 'nothing'}; ask for one of them")
