"""Devices of a fleet in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from protran.cli.terminal import harmless

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = ("name", "state", "address", "last seen", "sensors", "throttled", "queue", "remark")
_STYLES = {"ready": "green", "busy": "cyan", "suspect": "yellow", "lost": "red", "refused": "red"}


def device_table(devices: Sequence[Mapping[str, Any]]) -> Table:
    """Returns one row for each device."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column in ("name", "state"), overflow="fold")
    for device in devices:
        cells = [Text(harmless(cell)) for cell in _cells(device)]
        cells[1].stylize(_STYLES.get(device["state"], ""))
        table.add_row(*cells)
    return table


def device_pairs(device: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns what there is to know of one device."""
    facts, software = device.get("facts") or {}, device.get("software") or {}
    memory = facts.get("memory_bytes")
    temperature = (device.get("health") or {}).get("temperature_celsius")
    pairs = [
        ("name", f"{device['name']} ({device['identity']})"),
        ("state", device["state"]),
        ("address", device["address"]),
        ("last seen", _seen(device)),
        ("processor", facts.get("processor")),
        ("cores", facts.get("cores")),
        ("memory", f"{memory / 1024**3:.1f} GiB" if memory else None),
        ("governor", facts.get("governor")),
        ("temperature", f"{temperature:.0f} C" if temperature is not None else None),
        ("throttled", _throttled(device)),
        ("system", facts.get("operating_system")),
        ("agent", f"Python {software.get('python')}, ray {software.get('ray')}, protran {software.get('protran')}"),
        ("torch", facts.get("torch")),
        ("sensors", _sensors(device)),
    ]
    return [(name, str(value)) for name, value in pairs if value not in (None, "")]


def advice(device: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with a device, and what mends it."""
    lines = [line for line in str(device["reason"]).split("; ") if line]
    if device["state"] in ("lost", "suspect"):
        lines.append(
            f"not heard of since {_seen(device)}: look whether it has power and network, and whether `protran device "
            f"join` runs on it"
        )
    remark = (device.get("self_test") or {}).get("remark")
    if remark:
        lines.append(remark)
    for sensor in (device.get("facts") or {}).get("sensors") or []:
        if sensor.get("command"):
            lines.append(f"{sensor['sensor']}: {sensor['finding']}; make it readable with: {sensor['command']}")
    return lines


def _cells(device: Mapping[str, Any]) -> tuple[str, ...]:
    health = device.get("health") or {}
    queue = int(health.get("waiting") or 0) + bool(health.get("running"))
    remark = device["reason"] or (device.get("self_test") or {}).get("remark") or ""
    return (
        device["name"],
        device["state"],
        device["address"],
        _seen(device),
        _sensors(device),
        _throttled(device),
        str(queue),
        remark,
    )


def _seen(device: Mapping[str, Any]) -> str:
    silent_s = device.get("silent_s")
    return str(device["last_seen_at"]) if silent_s is None else f"{silent_s:.0f} s ago"


def _sensors(device: Mapping[str, Any]) -> str:
    """Names the sensors that can be used; whatever else there is stands in `protran device doctor`."""
    sensors = (device.get("facts") or {}).get("sensors") or []
    return ", ".join(sensor["sensor"] for sensor in sensors if sensor.get("state") == "usable") or "none"


def _throttled(device: Mapping[str, Any]) -> str:
    throttled = (device.get("health") or {}).get("throttled")
    return "unknown" if throttled is None else "yes" if throttled else "no"
