"""A measurement from fake models on a manual clock: every number is known."""

import dataclasses
import gc

import numpy as np
import pytest
from powered_device import PoweredDevice, PoweredMeter

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance
from device_agents.meters.base import PowerTrace
from device_agents.meters.none import NoMeter
from device_agents.meters.replay import ReplayMeter
from device_agents.reference import ReferenceLatency, reference_model
from device_agents.runner.measure import Bench, measure
from device_agents.sampler import Subject
from device_agents.throttling import Throttling
from device_agents.workload import Workload, WorkloadKind
from search_spaces.cost import count_candidate
from search_spaces.deployment import Deployment, Precision
from search_spaces.memory import training_memory

REFERENCE_S, CANDIDATE_S, CLEAN_REFERENCE_S = 1e-3, 4e-3, 2e-3
CLEAN_REFERENCE = ReferenceLatency(CLEAN_REFERENCE_S, 1e-5, 1.0, contended=False)


def request(workload=None):
    candidate, input_spec = reference_model()
    return ProfileRequest(candidate, input_spec, workload or Workload(batch_size=2), "device", 0)


def bench(clock, *, meter=None, stolen_s=0.0, reference_latency=CLEAN_REFERENCE, load=None, **options):
    def subject(seconds):
        return Subject(lambda: clock.advance(wall_s=seconds + stolen_s, cpu_s=seconds))

    return Bench(
        clock=clock,
        reference=subject(REFERENCE_S),
        load=load or (lambda asked: subject(CANDIDATE_S)),
        meter=meter or NoMeter(clock),
        reference_latency=reference_latency,
        **options,
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


def powered(device=None, meter=None, workload=None, **options):
    """Measures the calls of a device with a sensor, beside a reference that takes as long as always."""
    device = device or PoweredDevice(CANDIDATE_S)
    meter = meter or PoweredMeter(device)
    return measure(request(workload), bench(device, meter=meter, load=lambda asked: device.subject(), **options))


def test_a_device_that_throttles_during_the_energy_pass_rejects_the_measurement_and_keeps_its_values():
    device = PoweredDevice(CANDIDATE_S)

    def throttling():
        return Throttling(device.calls > 5000, ("too hot",) if device.calls > 5000 else (), 50.0)

    measurement = powered(device, throttling=throttling)
    assert measurement.status is MeasurementStatus.REJECTED
    assert "the device throttled (too hot)" in measurement.reason
    assert measurement.flags == ("throttled",)
    assert measurement.values["energy_j"].value > 0
    assert measurement.values["latency_s"].value > 0


def test_a_device_that_throttles_during_the_latency_pass_rejects_it_without_any_sensor():
    looks = iter([Throttling(None, counts={"core": 1}), Throttling(None, counts={"core": 2})])
    measurement = measure(request(), bench(ManualClock(), throttling=lambda: next(looks)))
    assert measurement.status is MeasurementStatus.REJECTED
    assert "core rose" in measurement.reason


def test_a_device_that_does_not_say_whether_it_throttles_rejects_nothing():
    measurement = powered()
    assert (measurement.status, measurement.reason, measurement.flags) == (MeasurementStatus.OK, "", ())


def test_temperatures_before_and_after_come_along():
    celsius = iter(range(40, 90))
    details = powered(throttling=lambda: Throttling(False, (), float(next(celsius)))).details
    assert details["temperature_before_celsius"] == 40.0
    assert details["temperature_after_celsius"] == 45.0  # two looks of the latency pass, four of the energy pass


def test_a_device_that_drifts_rejects_the_measurement_and_keeps_its_values():
    measurement = powered(PoweredDevice(CANDIDATE_S, busy_w=lambda time_s: 10.0 if time_s < 30 else 11.0))
    assert measurement.status is MeasurementStatus.REJECTED
    assert "drifted" in measurement.reason
    assert "power +10.0%" in measurement.reason
    assert measurement.flags == ("drifted",)
    assert measurement.values["energy_j"].value > 0
    assert measurement.details["power_drift"] == pytest.approx(0.1)


def test_others_during_the_energy_pass_are_flagged_and_reject_nothing():
    device = PoweredDevice(CANDIDATE_S, stolen_s=lambda time_s: 2e-3 if time_s > 11 else 0.0)
    measurement = powered(device)
    assert measurement.status is MeasurementStatus.OK
    assert measurement.flags == ("contended",)
    assert measurement.details["energy_clean_share"] == 0.0


def test_a_sensors_name_bandwidth_and_idle_powers_come_along():
    measurement = powered(PoweredDevice(CANDIDATE_S, idle_w=lambda time_s: 4.0 if time_s < 15 else 5.0))
    details = measurement.details
    assert measurement.meter == "counter of a fake device"
    assert (details["idle_before_w"], details["idle_after_w"]) == (pytest.approx(4.0), pytest.approx(5.0))
    assert details["sensor_bandwidth_hz"] == 5.0
    assert details["sensor_period_s"] == pytest.approx(CANDIDATE_S)
    assert details["energy_windows"] == 3.0 == len(measurement.blocks["energy_j"])
    assert details["energy_warm_up_calls"] >= 10.0
    assert measurement.flags == ("idle-differs",)


def test_a_counter_that_disagrees_with_the_integral_of_power_is_flagged():
    device = PoweredDevice(CANDIDATE_S)
    measurement = powered(device, PoweredMeter(device, counted=1.2))
    assert measurement.details["counter_difference_percent"] == pytest.approx(20.0, abs=0.1)
    assert measurement.flags == ("counter-differs",)
    assert measurement.status is MeasurementStatus.OK


def test_a_model_that_never_becomes_steady_before_the_energy_pass_is_flagged():
    device = PoweredDevice(lambda time_s: CANDIDATE_S * 1.1 ** max(0.0, min(time_s, 30.0) - 10.0))
    assert "unsteady" in powered(device).flags


def test_a_training_step_goes_through_the_same_passes():
    measurement = powered(workload=Workload(WorkloadKind.TRAINING_STEP, batch_size=4, micro_batches=2))
    assert measurement.status is MeasurementStatus.OK
    assert measurement.values["latency_ratio"].value == pytest.approx(CANDIDATE_S / REFERENCE_S)
    assert measurement.values["energy_j"].value == pytest.approx(10.0 * CANDIDATE_S)
    assert measurement.values["peak_power_w"].value == pytest.approx(10.0)
    assert measurement.details["dynamic_energy_j"] == pytest.approx(6.0 * CANDIDATE_S)
    assert "energy_warm_up_s" in measurement.details


def test_a_power_trace_is_carried_where_it_is_to_be_kept():
    measurement = powered(keep_trace=True)
    assert [name for name, _, _ in measurement.power_phases] == ["idle-before", "busy", "busy", "busy", "idle-after"]
    assert measurement.power_phases[0][1:] == (0.0, pytest.approx(10.0))
    assert measurement.power_trace[0] == (0.0, pytest.approx(4.0))
    assert {power_w for _, power_w in measurement.power_trace} == {4.0, 10.0}
    assert len(measurement.power_trace) == 5000 < measurement.details["power_trace_samples"]
    assert Measurement.from_json(measurement.to_json()) == measurement


def test_a_power_trace_is_not_carried_unasked_nor_without_a_sensor():
    assert powered().power_trace == powered().power_phases == ()
    without = measure(request(), bench(ManualClock(), keep_trace=True))
    assert (without.power_trace, without.power_phases, without.meter) == ((), (), "")
