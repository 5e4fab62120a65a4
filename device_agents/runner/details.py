"""Numbers about a measurement itself, by which a reader can judge it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from device_agents.energy import EnergyPass
from device_agents.meters.base import Meter
from device_agents.procedure import PairedLatency
from device_agents.reference import ReferenceLatency
from device_agents.throttling import ThrottleWatch


def latency_details(latency: PairedLatency, reference: ReferenceLatency) -> dict[str, float]:
    """Returns what the latency pass did and leaned on."""
    return {
        "reference_latency_s": reference.latency_s,
        "reference_ratio_stderr": reference.ratio_stderr,
        "pass_reference_latency_s": latency.reference.latency_s,
        "pass_reference_stderr_s": latency.reference.stderr_s,
        "candidate_wall_s": latency.candidate_wall_s,
        "candidate_cpu_s": latency.candidate_cpu_s,
        "clean_share": latency.clean_share,
        "pairs": float(latency.pairs),
        "candidate_repeats": float(latency.candidate_repeats),
        "reference_repeats": float(latency.reference_repeats),
        "latency_pass_s": latency.elapsed_s,
        "model_s": latency.model_s,
    }


def energy_details(energy: EnergyPass | None, meter: Meter | None) -> dict[str, float]:
    """Returns what the energy pass did, and how finely its sensor sees; shares as percent only where the name says so.

    `energy_windows` is the number of trials; `call_time_drift` and `power_drift` are shares beyond scatter.
    """
    if energy is None or meter is None:
        return {}
    difference = energy.counter_difference
    return _known(
        {
            "dynamic_energy_j": energy.dynamic_energy_j,
            "power_p99_w": energy.power_p99_w,
            "idle_power_w": energy.idle_power_w,
            "idle_before_w": energy.idle_before_w,
            "idle_after_w": energy.idle_after_w,
            "calls_per_s": energy.calls_per_s,
            "energy_windows": float(len(energy.busy_windows)),
            "energy_clean_share": energy.drift.clean_share,
            "energy_warm_up_s": energy.warm_up.duration_s,
            "energy_warm_up_calls": float(energy.warm_up.calls),
            "call_time_drift": energy.drift.call_time,
            "power_drift": energy.drift.power,
            "counter_difference_percent": None if difference is None else 100 * difference,
            "sensor_bandwidth_hz": meter.bandwidth_hz,
            "sensor_period_s": _sensor_period_s(energy),
        }
    )


def temperature_details(watch: ThrottleWatch) -> dict[str, float]:
    """Returns the processor's temperature before the first pass and at the last look."""
    before, after = watch.temperatures_celsius
    return _known({"temperature_before_celsius": before, "temperature_after_celsius": after})


def _sensor_period_s(energy: EnergyPass) -> float | None:
    """Returns the median time from one sample of the trace to the next; None without samples."""
    traces = [window.reading.trace for window in energy.busy_windows]
    steps = [step for trace in traces if trace is not None for step in np.diff(trace.times_s)]
    return float(np.median(steps)) if steps else None


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
