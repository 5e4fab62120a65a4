"""One measurement from both passes: what a runner does with a request once models can be built."""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from device_agents.clock import Clock
from device_agents.counted_memory import counted_memory
from device_agents.energy import EnergyPass, EnergyPlan, can_measure, energy_pass
from device_agents.errors import DeviceError
from device_agents.flags import Flag
from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.meters.base import Meter
from device_agents.procedure import LatencyPass, PairedLatency
from device_agents.reference import ReferenceLatency
from device_agents.runner.process_memory import peak_resident_bytes, reset_peak, resident_bytes
from device_agents.sampler import Subject
from device_agents.sampling_plan import LatencyPlan
from device_agents.statistics import Estimate


@dataclass(frozen=True)
class Bench:
    """What a measurement is made with.

    Attributes:
        clock: the clock of both passes.
        reference: the reference model, ready to be called.
        load: builds the candidate of a request.
        meter: the power sensor; None where it cannot be opened.
        reference_latency: what that reference takes on this device; None to lean on this pass's own.
        latency_plan: settings of the latency pass.
        energy_plan: settings of the energy pass.
    """

    clock: Clock
    reference: Subject
    load: Callable[[ProfileRequest], Subject]
    meter: Meter | None
    reference_latency: ReferenceLatency | None = None
    latency_plan: LatencyPlan = field(default_factory=LatencyPlan)
    energy_plan: EnergyPlan = field(default_factory=EnergyPlan)


def measure(request: ProfileRequest, bench: Bench) -> Measurement:
    """Returns the measurement that answers `request`. Whatever building or running the candidate raises passes on."""
    started_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    began_s = bench.clock.wall_s()
    bench.reference.prepare()
    bench.reference.call()  # faults its pages in, so that they are not counted as the candidate's
    baseline_bytes = resident_bytes()
    reset_peak()
    candidate = bench.load(request)
    built_s = bench.clock.wall_s()
    with _no_garbage_collection():
        candidate.prepare()
        candidate.call()
        peak_bytes = peak_resident_bytes()  # now, because the latency pass builds the models several times
        latency = LatencyPass(bench.clock, bench.latency_plan, random.Random(request.request_id)).paired(
            candidate, bench.reference
        )
        energy, meter_failed = _energy(candidate, bench)
    reference = bench.reference_latency or latency.reference
    return Measurement(
        request_id=request.request_id,
        device_identity=request.device_identity,
        status=MeasurementStatus.OK,
        values={
            **_times(latency, reference),
            **_memory(request, baseline_bytes, peak_bytes),
            **_energies(energy, bench.meter),
        },
        flags=_flags(latency, energy, own_reference=bench.reference_latency is None, meter_failed=meter_failed),
        blocks={"latency_ratio": latency.ratio.blocks},
        details={
            **_latency_details(latency, reference),
            **_energy_details(energy),
            "build_s": built_s - began_s,
            "wall_s": bench.clock.wall_s() - began_s,
        },
        started_at=started_at,
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _energy(candidate: Subject, bench: Bench) -> tuple[EnergyPass | None, bool]:
    if bench.meter is None:
        return None, True
    if not can_measure(bench.meter):
        return None, False
    candidate.prepare()
    try:
        return energy_pass(bench.clock, bench.meter, candidate.call, bench.energy_plan), False
    except DeviceError:
        return None, True  # the latency was measured well and shall not be lost with the sensor


def _times(latency: PairedLatency, reference: ReferenceLatency) -> dict[str, Value]:
    """Seconds are the ratio times the device's reference: raw times of two passes could not be compared."""
    return {
        "latency_s": _seconds(latency.ratio, reference),
        "latency_ratio": _measured(latency.ratio.value, latency.ratio.stderr),
        "core_seconds": _seconds(latency.cpu_ratio, reference),
    }


def _seconds(ratio: Estimate, reference: ReferenceLatency) -> Value:
    value = ratio.value * reference.latency_s
    return _measured(value, value * math.hypot(ratio.relative_stderr, reference.ratio_stderr))


def _memory(request: ProfileRequest, baseline_bytes: int | None, peak_bytes: int | None) -> dict[str, Value]:
    peak = UNAVAILABLE
    if peak_bytes is not None and baseline_bytes is not None:
        peak = _measured(float(max(0, peak_bytes - baseline_bytes)), None)
    return {"memory_bytes": counted_memory(request), "peak_rss_bytes": peak}


def _energies(energy: EnergyPass | None, meter: Meter | None) -> dict[str, Value]:
    if meter is None:
        return {"energy_j": UNAVAILABLE, "peak_power_w": UNAVAILABLE}
    return {
        "energy_j": _seen(energy.energy_j if energy else None, meter.energy_provenance),
        "peak_power_w": _seen(energy.peak_power_w if energy else None, meter.power_provenance),
    }


def _measured(value: float, stderr: float | None) -> Value:
    return Value(value, stderr, Provenance.MEASURED_COUNTER)


def _seen(estimate: Estimate | None, provenance: Provenance) -> Value:
    return UNAVAILABLE if estimate is None else Value(estimate.value, estimate.stderr, provenance)


def _flags(
    latency: PairedLatency, energy: EnergyPass | None, *, own_reference: bool, meter_failed: bool
) -> tuple[str, ...]:
    raised = {
        Flag.CONTENDED: latency.contended,
        Flag.FEW_SAMPLES: latency.few_samples,
        Flag.UNSTEADY: not latency.steady,
        Flag.OWN_REFERENCE: own_reference,
        Flag.IDLE_DIFFERS: energy is not None and energy.idle_differs,
        Flag.METER_FAILED: meter_failed,
    }
    return tuple(flag.value for flag, holds in raised.items() if holds)


def _latency_details(latency: PairedLatency, reference: ReferenceLatency) -> dict[str, float]:
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


def _energy_details(energy: EnergyPass | None) -> dict[str, float]:
    if energy is None:
        return {}
    found = {
        "dynamic_energy_j": energy.dynamic_energy_j,
        "power_p99_w": energy.power_p99_w,
        "idle_power_w": energy.idle_power_w,
        "calls_per_s": energy.calls_per_s,
    }
    return {name: value for name, value in found.items() if value is not None}
