from __future__ import annotations

import pytest

from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from device_agents.workload import Workload
from protran.cli.profile_document import counted, document_of, summarise
from protran.cli.profile_points import Point
from search_spaces.presets import preset

CANDIDATE, SPEC = preset("bert-tiny")


def measurement(latency_s: float, stderr: float = 0.0001, status: str = "ok") -> Measurement:
    values = {"latency_s": Value(latency_s, stderr, Provenance.MEASURED_COUNTER), "energy_j": UNAVAILABLE}
    return Measurement("r", "d", MeasurementStatus(status), values)


def test_repeats_are_averaged_and_their_spread_can_enlarge_the_error() -> None:
    calm = summarise([measurement(0.002), measurement(0.002)])["latency_s"]
    assert (calm.value, calm.stderr) == (0.002, pytest.approx(0.0001 / 2**0.5))
    wild = summarise([measurement(0.001), measurement(0.003)])["latency_s"]
    assert (wild.value, wild.stderr) == (pytest.approx(0.002), pytest.approx(0.001))


def test_what_no_repeat_could_measure_stays_unavailable() -> None:
    assert summarise([measurement(1.0), measurement(1.0)])["energy_j"] == UNAVAILABLE


def test_only_what_neither_failed_nor_was_rejected_counts() -> None:
    found = [measurement(1.0, status=status) for status in ("ok", "failed", "rejected")]
    assert counted(found) == found[:1]


def test_a_document_has_means_of_what_counts_and_every_measurement() -> None:
    found = [measurement(0.008), measurement(0.1, status="rejected")]
    told = document_of(CANDIDATE, Point("local", SPEC, Workload(batch_size=4)), found)
    assert told["values"]["latency_s"] == {
        "value": 0.008,
        "stderr": 0.0001,
        "provenance": "measured-counter",
        "unit": "s",
    }
    assert told["per_sequence"] == {"latency_s": 0.002}
    assert (told["device"], told["workload"]["batch_size"], len(told["measurements"])) == ("local", 4, 2)
