"""One measurement from both passes: what a runner does with a request once models can be built."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from device_agents.clock import Clock
from device_agents.energy import EnergyPass, can_measure, energy_pass
from device_agents.energy_plan import EnergyPlan
from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Value
from device_agents.meters.base import Meter
from device_agents.procedure import LatencyPass, PairedLatency
from device_agents.reference import ReferenceLatency
from device_agents.runner.details import energy_details, latency_details, temperature_details
from device_agents.runner.evidence import Evidence, flags, rejection
from device_agents.runner.executor import Executor
from device_agents.runner.power_record import NO_RECORD, power_record
from device_agents.runner.process_memory import peak_resident_bytes, reset_peak, resident_bytes
from device_agents.runner.values import accelerator_memory, energies, memory, times
from device_agents.sampler import Subject
from device_agents.sampling_plan import LatencyPlan
from device_agents.throttling import UNKNOWN_THROTTLING, ThrottleWatch, Throttling


def _silent() -> Throttling:
    """Says nothing of throttling."""
    return UNKNOWN_THROTTLING


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
        throttling: tells whether the device is throttled now; asked before and after each pass.
        keep_trace: whether the measurement carries its power trace.
        executor: the accelerator that runs the models; None where the processor does.
    """

    clock: Clock
    reference: Subject
    load: Callable[[ProfileRequest], Subject]
    meter: Meter | None
    reference_latency: ReferenceLatency | None = None
    latency_plan: LatencyPlan = field(default_factory=LatencyPlan)
    energy_plan: EnergyPlan = field(default_factory=EnergyPlan)
    throttling: Callable[[], Throttling] = _silent
    keep_trace: bool = False
    executor: Executor | None = None


@dataclass(frozen=True)
class _Passes:
    """What was seen of the candidate: by both passes, in memory, and of the time that it all took."""

    evidence: Evidence
    memory: dict[str, Value]
    seconds: dict[str, float]


def measure(request: ProfileRequest, bench: Bench) -> Measurement:
    """Returns the measurement that answers `request`. Whatever building or running the candidate raises passes on.

    A measurement whose device throttled or drifted is rejected: its values are kept, and its reason says why.
    """
    started_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    passes = _run(request, bench)
    evidence = passes.evidence
    latency, energy = evidence.latency, evidence.energy
    reference = bench.reference_latency or latency.reference
    record = power_record(energy.windows) if energy is not None and bench.keep_trace else NO_RECORD
    reason = rejection(evidence)
    return Measurement(
        request_id=request.request_id,
        device_identity=request.device_identity,
        status=MeasurementStatus.REJECTED if reason else MeasurementStatus.OK,
        values={
            **times(latency, reference),
            **passes.memory,
            **energies(energy, bench.meter),
        },
        flags=flags(evidence),
        reason=reason,
        blocks={"latency_ratio": latency.ratio.blocks, **_energy_blocks(energy)},
        details={
            **latency_details(latency, reference),
            **energy_details(energy, bench.meter),
            **temperature_details(evidence.throttling),
            **record.details(),
            **passes.seconds,
        },
        started_at=started_at,
        meter=bench.meter.name if bench.meter is not None and can_measure(bench.meter) else "",
        power_trace=record.trace,
        power_phases=record.phases,
    )


def _run(request: ProfileRequest, bench: Bench) -> _Passes:
    began_s = bench.clock.wall_s()
    bench.reference.prepare()
    bench.reference.call()  # faults its pages in, so that they are not counted as the candidate's
    looked = _MemoryLook(bench.executor)
    candidate = bench.load(request)
    built_s = bench.clock.wall_s()
    watch = ThrottleWatch(bench.throttling)
    with _no_garbage_collection():
        candidate.prepare()
        candidate.call()
        seen = looked.values(request)  # now, because the latency pass builds the models several times
        watch.look()
        latency = LatencyPass(bench.clock, bench.latency_plan, random.Random(request.request_id)).paired(
            candidate, bench.reference
        )
        watch.look()
        energy, meter_failed = _energy(candidate, bench, latency, watch)
    seconds = {"build_s": built_s - began_s, "wall_s": bench.clock.wall_s() - began_s}
    own_reference = bench.reference_latency is None
    evidence = Evidence(latency, energy, watch, bench.energy_plan, own_reference, meter_failed)
    return _Passes(evidence, seen, seconds)


class _MemoryLook:
    """Sees from its creation on what memory a candidate takes beyond what the process has already."""

    def __init__(self, executor: Executor | None) -> None:
        self._executor = executor
        self._resident_bytes = resident_bytes()
        reset_peak()
        if executor is not None:
            executor.limit_memory()
            self._allocated_bytes = executor.allocated_bytes()
            executor.reset_peak()

    def values(self, request: ProfileRequest) -> dict[str, Value]:
        seen = memory(request, self._resident_bytes, peak_resident_bytes())
        if self._executor is None:
            return seen
        return {**seen, **accelerator_memory(self._allocated_bytes, self._executor.peak_bytes())}


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


def _energy(
    candidate: Subject, bench: Bench, latency: PairedLatency, watch: ThrottleWatch
) -> tuple[EnergyPass | None, bool]:
    """Returns what the energy pass found, and whether the sensor failed: the latency shall not be lost with it."""
    if bench.meter is None:
        return None, True
    if not can_measure(bench.meter):
        return None, False
    clock, meter, plan = bench.clock, bench.meter, bench.energy_plan
    try:
        return energy_pass(clock, meter, candidate, plan, look=watch.look, contended=latency.contended), False
    except DeviceError:
        return None, True


def _energy_blocks(energy: EnergyPass | None) -> dict[str, tuple[float, ...]]:
    return {} if energy is None or energy.energy_j is None else {"energy_j": energy.energy_j.blocks}
