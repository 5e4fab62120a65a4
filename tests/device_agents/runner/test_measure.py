"""A measurement from fake models on a manual clock: every number is known."""

import dataclasses
import gc

import numpy as np
import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.meters.base import PowerTrace
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter
from device_agents.reference import ReferenceLatency, reference_model
from device_agents.runner.measure import Bench, measure
from device_agents.sampler import Subject
from device_agents.workload import Workload, WorkloadKind
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, Precision
from search_spaces.memory import training_memory

REFERENCE_S, CANDIDATE_S, CLEAN_REFERENCE_S = 1e-3, 4e-3, 2e-3
CLEAN_REFERENCE = ReferenceLatency(CLEAN_REFERENCE_S, 1e-5, 1.0, contended=False)


def request(workload=None):
    candidate, input_spec = reference_model()
    return ProfileRequest(candidate, input_spec, workload or Workload(batch_size=2), "device", 0)


def bench(clock, *, meter=None, stolen_s=0.0, reference_latency=CLEAN_REFERENCE, load=None):
    def subject(seconds):
        return Subject(lambda: clock.advance(wall_s=seconds + stolen_s, cpu_s=seconds))

    return Bench(
        clock=clock,
        reference=subject(REFERENCE_S),
        load=load or (lambda asked: subject(CANDIDATE_S)),
        meter=meter or NoMeter(clock),
        reference_latency=reference_latency,
    )


def test_seconds_are_the_ratio_times_the_devices_reference():
    values = measure(request(), bench(ManualClock())).values
    assert values["latency_ratio"].value == pytest.approx(CANDIDATE_S / REFERENCE_S)
    assert values["latency_s"].value == pytest.approx(CANDIDATE_S / REFERENCE_S * CLEAN_REFERENCE_S)
    assert values["core_seconds"].value == pytest.approx(values["latency_s"].value)
    assert values["latency_s"].provenance is Provenance.MEASURED_COUNTER


def test_the_error_bar_of_seconds_holds_that_of_a_larger_reference_too():
    larger = ReferenceLatency(CLEAN_REFERENCE_S, 1e-5, 1.0, contended=False, ratio_stderr=0.01)
    values = measure(request(), bench(ManualClock(), reference_latency=larger)).values
    assert values["latency_s"].stderr == pytest.approx(0.01 * values["latency_s"].value)
    assert values["latency_ratio"].stderr == pytest.approx(0.0, abs=1e-9)


def test_without_a_reference_latency_the_pass_lends_its_own_and_says_so():
    measurement = measure(request(), bench(ManualClock(), reference_latency=None))
    assert measurement.values["latency_s"].value == pytest.approx(CANDIDATE_S)
    assert measurement.flags == ("own-reference",)


def test_memory_is_counted_exactly():
    value = measure(request(), bench(ManualClock())).values["memory_bytes"]
    cost = count_candidate(*reference_model())
    assert (value.value, value.stderr, value.provenance) == (
        cost.weight_bytes + 2 * cost.activation_bytes,
        0.0,
        Provenance.EXACT,
    )


def test_memory_of_a_training_step_is_that_of_its_micro_batches():
    asked = request(Workload(WorkloadKind.TRAINING_STEP, batch_size=4, micro_batches=2))
    value = measure(asked, bench(ManualClock())).values["memory_bytes"]
    assert value.provenance is Provenance.EXACT
    assert value.value == training_memory(*reference_model(), 4, micro_batches=2).peak_bytes
    assert value.value < training_memory(*reference_model(), 4).peak_bytes


def test_memory_of_a_training_step_in_16_bits_is_not_counted_and_not_guessed():
    asked = request(Workload(WorkloadKind.TRAINING_STEP, batch_size=2))
    half = dataclasses.replace(asked.candidate, deployment=Deployment(Precision.BF16))
    asked = dataclasses.replace(asked, candidate=half)
    assert measure(asked, bench(ManualClock())).values["memory_bytes"].provenance is Provenance.UNAVAILABLE


def test_without_a_sensor_energy_and_power_are_unavailable():
    values = measure(request(), bench(ManualClock())).values
    assert values["energy_j"].value is None
    assert values["energy_j"].provenance is values["peak_power_w"].provenance is Provenance.UNAVAILABLE


def test_with_a_replayed_sensor_energy_is_power_times_latency():
    clock = ManualClock()
    times = tuple(float(time) for time in np.arange(0, 120, 0.5))
    meter = ReplayMeter(PowerTrace(times, (3.0,) * len(times)), clock)
    measurement = measure(request(), bench(clock, meter=meter))
    assert measurement.values["energy_j"].value == pytest.approx(3.0 * CANDIDATE_S, rel=1e-3)
    assert measurement.values["energy_j"].provenance is Provenance.SIMULATED
    assert measurement.values["peak_power_w"].value == pytest.approx(3.0)
    assert measurement.details["dynamic_energy_j"] == pytest.approx(0.0, abs=1e-5)


def test_a_sensor_that_fails_does_not_take_the_latency_with_it():
    clock = ManualClock()
    meter = ReplayMeter(PowerTrace((0.0, 1.0), (3.0, 3.0)), clock)
    measurement = measure(request(), bench(clock, meter=meter))
    assert measurement.status is MeasurementStatus.OK
    assert "meter-failed" in measurement.flags
    assert measurement.values["energy_j"].provenance is Provenance.UNAVAILABLE


def test_a_disturbed_pass_is_labelled_and_keeps_its_ratio():
    measurement = measure(request(), bench(ManualClock(), stolen_s=1e-3))
    assert "contended" in measurement.flags
    assert measurement.details["clean_share"] == 0.0
    assert measurement.values["latency_ratio"].value == pytest.approx(CANDIDATE_S / REFERENCE_S)


def test_the_blocks_behind_the_ratio_come_along():
    measurement = measure(request(), bench(ManualClock()))
    assert measurement.blocks["latency_ratio"] == pytest.approx((4.0,) * 12)


def test_the_measurement_survives_json_and_names_its_request():
    asked = request()
    measurement = measure(asked, bench(ManualClock()))
    assert measurement.request_id == asked.request_id
    assert Measurement.from_json(measurement.to_json()).to_json() == measurement.to_json()


def test_the_collector_is_off_while_timing_and_on_again_afterwards():
    clock, seen = ManualClock(), set()

    def call():
        seen.add(gc.isenabled())
        clock.advance(wall_s=CANDIDATE_S, cpu_s=CANDIDATE_S)

    measure(request(), bench(clock, load=lambda asked: Subject(call)))
    assert seen == {False}
    assert gc.isenabled()


def test_what_the_candidate_raises_passes_on():
    def load(asked):
        raise DeviceError("no such operation")

    with pytest.raises(DeviceError, match="no such operation"):
        measure(request(), bench(ManualClock(), load=load))
