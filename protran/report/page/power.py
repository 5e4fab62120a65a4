"""Power over time, of the measurements that kept it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device_agents.measurement import Measurement
from protran.ledger.records import CampaignRow
from protran.report.page.rounding import evenly, rounded
from protran.report.power_history import history_of

MOST_TRACES = 6
MOST_SAMPLES = 600
_UNUSED = ("", "none")


def power_traces(rows: Sequence[CampaignRow], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the power histories of the rows that carry one, at most `MOST_TRACES`, thinned to be looked at.

    Args:
        rows: a campaign's answers.
        names: device identity -> name.
    """
    carriers = [row for row in rows if row.measurement is not None and row.measurement.power_trace]
    return [
        _trace(row.candidate.key, row.measurement, names) for row in evenly(carriers, MOST_TRACES) if row.measurement
    ]


def why_no_power(devices: Sequence[Mapping[str, Any]]) -> str:
    """Returns why a campaign shows no power over time, from the documents of its devices."""
    if devices and all(device["simulated"] for device in devices):
        return "The devices are simulated: nothing ran there, so no sensor saw any power."
    if all(str(device["facts"].get("meter", "none")) in _UNUSED for device in devices):
        return "No device of this campaign has a power sensor that could be used, so there are no watts to show."
    return (
        "Campaigns keep the energy and the peak of each measurement, not its samples; "
        "`protran profile PRESET --device NAME --power-trace power.png` keeps those of one."
    )


def _trace(key: str, measurement: Measurement, names: Mapping[str, str]) -> dict[str, Any]:
    device = names.get(measurement.device_identity, measurement.device_identity)
    history = history_of(measurement, title=f"{key[:8]} on {device}").to_json()
    samples = list(zip(history.pop("time_s"), history.pop("power_w"), strict=True))
    shown = evenly(samples, MOST_SAMPLES)
    return {
        **history,
        "key": key,
        "device": device,
        "time_s": [rounded(time_s, 6) for time_s, _ in shown],
        "power_w": [rounded(power_w) for _, power_w in shown],
    }
