"""Profiles are taken once each, every repeat in a session of its own."""

import math

import pytest

from benchmarks.watch_table import profiles
from benchmarks.watch_table.conditions import read_conditions, write_conditions
from benchmarks.watch_table.plan import planned, profile_order
from benchmarks.watch_table.profiles import NAME, Profile, calibrated, profile_all
from device_agents.measurement import UNAVAILABLE, Measurement, MeasurementStatus, Provenance, Value
from device_agents.reference import REFERENCE_VERSION, ReferenceLatency
from protran.errors import InputError
from protran.studies.row_log import RowLog
from protran.tasks.watch import WatchTask

SPEC = WatchTask().input_spec
REFERENCE = ReferenceLatency(0.001, 1e-6, 1.0, contended=False)


class StandIn:
    """A device whose every session is known by its number; fails at or stops after so many requests."""

    def __init__(self, identity="device", *, stops_at=None, fails=False):
        self.identity, self.stops_at, self.fails = identity, stops_at, fails
        self.asked, self.sessions, self.closed = [], 0, 0

    def open(self):
        self.sessions += 1
        return self

    def profile(self, request, limits=None):
        if len(self.asked) == self.stops_at:
            raise KeyboardInterrupt
        self.asked.append((request.candidate.architecture.key, request.repeat, self.sessions))
        if self.fails:
            reason = "out of memory"
            return Measurement(request.request_id, self.identity, MeasurementStatus.FAILED, reason=reason)
        values = {
            "latency_s": Value(0.002, 1e-5, Provenance.MEASURED_COUNTER),
            "core_seconds": Value(0.003, 2e-5, Provenance.MEASURED_COUNTER),
            "memory_bytes": Value(4096.0, 0.0, Provenance.EXACT),
            "energy_j": UNAVAILABLE,
        }
        details = {"clean_share": 0.875, "wall_s": 4.0}
        flags = ("contended", "few-samples")
        return Measurement(request.request_id, self.identity, MeasurementStatus.OK, values, flags, details=details)

    def calibrate(self):
        return REFERENCE

    def close(self):
        self.closed += 1


@pytest.fixture(scope="module")
def candidates():
    return planned(3)


@pytest.fixture
def log_path(tmp_path):
    return tmp_path / NAME


def profiled(path, candidates, device, repeats=2):
    with RowLog(Profile, path) as log:
        profile_all(candidates, SPEC, repeats, log, device.open)
        return log.rows


def test_a_row_has_what_was_measured_and_nothing_else(candidates, log_path):
    row = profiled(log_path, candidates, StandIn())[0]
    assert (row.latency_s, row.latency_s_stderr) == (0.002, 1e-5)
    assert (row.core_seconds, row.core_seconds_stderr) == (0.003, 2e-5)
    assert (row.memory_bytes, row.clean_share, row.wall_s, row.flags) == (4096, 0.875, 4, "contended few-samples")
    assert math.isnan(row.peak_rss_bytes)
    assert not any("energy" in name for name in Profile.__dataclass_fields__)


def test_each_repeat_is_a_session_and_all_are_closed(candidates, log_path):
    device = StandIn()
    rows = profiled(log_path, candidates, device)
    assert [(row.number, row.repeat) for row in rows] == profile_order(3, range(2))
    assert [session for _, _, session in device.asked] == [1, 1, 1, 2, 2, 2]
    assert device.closed == 2


def test_profiles_that_were_stopped_go_on_where_they_were(candidates, log_path):
    with pytest.raises(KeyboardInterrupt):
        profiled(log_path, candidates, StandIn(stops_at=4))
    device = StandIn()
    rows = profiled(log_path, candidates, device)
    assert [(row.number, row.repeat) for row in rows] == profile_order(3, range(2))
    assert (len(device.asked), device.sessions) == (2, 1)


def test_nothing_is_opened_where_nothing_is_left(candidates, log_path):
    profiled(log_path, candidates, StandIn())
    device = StandIn()
    profiled(log_path, candidates, device)
    assert device.sessions == 0


def test_a_candidate_that_cannot_run_is_a_row_with_a_reason(candidates, log_path):
    row = profiled(log_path, candidates, StandIn(fails=True))[0]
    assert (row.status, row.reason) == ("failed", "out of memory")
    assert math.isnan(row.latency_s)


def test_profiles_of_another_device_are_not_mixed_in(candidates, log_path):
    profiled(log_path, candidates, StandIn(), repeats=1)
    with pytest.raises(InputError, match="of another device, procedure or space"):
        profiled(log_path, candidates, StandIn("other"))


def test_all_sessions_lean_on_one_reference(tmp_path, monkeypatch):
    monkeypatch.setattr(profiles, "device_identity", lambda: "device")
    devices = [StandIn(), StandIn()]
    write_conditions(tmp_path, "training", {"space": "edge-small"})
    assert calibrated(tmp_path, devices[0].open) == calibrated(tmp_path, devices[1].open) == REFERENCE
    assert (devices[0].closed, devices[1].sessions) == (1, 0)
    conditions = read_conditions(tmp_path)
    assert conditions["training"] == {"space": "edge-small"}
    assert conditions["profiling"]["reference_version"] == REFERENCE_VERSION


def test_a_reference_of_another_device_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(profiles, "device_identity", lambda: "other")
    calibrated(tmp_path, StandIn().open)
    with pytest.raises(InputError, match="lean on another reference"):
        calibrated(tmp_path, StandIn().open)
