import dataclasses
import json

from device_agents.measurement import Measurement, MeasurementStatus, Provenance, Value

MEASUREMENT = Measurement(
    "request",
    "device",
    MeasurementStatus.REJECTED,
    values={"energy_j": Value(1.0, 0.1, Provenance.MEASURED_COUNTER)},
    flags=("throttled",),
    reason="the device throttled",
    blocks={"energy_j": (1.0, 1.1)},
    details={"wall_s": 3.0},
    started_at="2026-01-01T00:00:00Z",
    meter="a sensor",
    power_trace=((0.0, 4.0), (0.5, 10.0)),
    power_phases=(("idle-before", 0.0, 0.25), ("busy", 0.25, 1.0)),
)


def test_a_measurement_survives_json():
    assert Measurement.from_json(json.loads(json.dumps(MEASUREMENT.to_json()))) == MEASUREMENT


def test_what_a_sensor_did_not_give_is_left_out_of_json():
    without = dataclasses.replace(MEASUREMENT, meter="", power_trace=(), power_phases=())
    assert not {"meter", "power_trace", "power_phases"} & without.to_json().keys()
    assert Measurement.from_json(without.to_json()) == without


def test_a_row_of_before_there_were_meters_and_traces_is_read():
    row = MEASUREMENT.to_json()
    for name in ("meter", "power_trace", "power_phases"):
        del row[name]
    read = Measurement.from_json(row)
    assert (read.meter, read.power_trace, read.power_phases) == ("", (), ())
    assert read.values == MEASUREMENT.values
