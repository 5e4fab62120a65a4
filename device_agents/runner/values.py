"""The values of a measurement, with their errors and provenance."""

from __future__ import annotations

import math

from device_agents.counted_memory import counted_memory
from device_agents.energy import EnergyPass
from device_agents.measurement import UNAVAILABLE, ProfileRequest, Provenance, Value
from device_agents.meters.base import Meter
from device_agents.procedure import PairedLatency
from device_agents.reference import ReferenceLatency
from device_agents.statistics import Estimate


def times(latency: PairedLatency, reference: ReferenceLatency) -> dict[str, Value]:
    """Returns seconds and ratio. Seconds are the ratio times the reference: raw times of two passes do not compare.

    Core-seconds are unavailable on an accelerator, where the processor mostly waits.
    """
    return {
        "latency_s": _seconds(latency.ratio, reference),
        "latency_ratio": _measured(latency.ratio.value, latency.ratio.stderr),
        "core_seconds": UNAVAILABLE if latency.cpu_ratio is None else _seconds(latency.cpu_ratio, reference),
    }


def memory(request: ProfileRequest, baseline_bytes: int | None, peak_bytes: int | None) -> dict[str, Value]:
    """Returns the counted memory, and the peak of the process above what it had before the candidate was built."""
    peak = UNAVAILABLE
    if peak_bytes is not None and baseline_bytes is not None:
        peak = _measured(float(max(0, peak_bytes - baseline_bytes)), None)
    return {"memory_bytes": counted_memory(request), "peak_rss_bytes": peak}


def accelerator_memory(baseline_bytes: int, peak_bytes: int) -> dict[str, Value]:
    """Returns the peak of the accelerator's memory above what the process had there before the candidate was built."""
    return {"peak_cuda_bytes": _measured(float(max(0, peak_bytes - baseline_bytes)), None)}


def energies(energy: EnergyPass | None, meter: Meter | None) -> dict[str, Value]:
    """Returns energy and peak power as far as the sensor saw them."""
    if meter is None:
        return {"energy_j": UNAVAILABLE, "peak_power_w": UNAVAILABLE}
    return {
        "energy_j": _seen(energy.energy_j if energy else None, meter.energy_provenance),
        "peak_power_w": _seen(energy.peak_power_w if energy else None, meter.power_provenance),
    }


def _seconds(ratio: Estimate, reference: ReferenceLatency) -> Value:
    value = ratio.value * reference.latency_s
    return _measured(value, value * math.hypot(ratio.relative_stderr, reference.ratio_stderr))


def _measured(value: float, stderr: float | None) -> Value:
    return Value(value, stderr, Provenance.MEASURED_COUNTER)


def _seen(estimate: Estimate | None, provenance: Provenance) -> Value:
    return UNAVAILABLE if estimate is None else Value(estimate.value, estimate.stderr, provenance)
