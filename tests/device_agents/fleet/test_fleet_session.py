import os
import sys
from types import SimpleNamespace

import pytest
from fleet_parts import LOOPBACK, free_port, listener

from device_agents.errors import DeviceError
from device_agents.fleet import fleet_session
from device_agents.fleet.fleet_session import FleetPlace, FleetSession, fleet_place
from device_agents.fleet.folder import write_object

FACTS = {"address": LOOPBACK, "gate_port": 7000, "ray_port": 7001, "tls": None, "pid": 5}


@pytest.fixture
def no_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))


@pytest.fixture
def place(tmp_path):
    """Where something listens."""
    with listener(lambda connection: None) as gate:
        yield FleetPlace(LOOPBACK, 1, gate.port, tmp_path / "token", None, 1)


def test_the_place_is_what_the_controller_wrote_down(tmp_path):
    write_object(tmp_path / "fleet.json", FACTS)
    place = fleet_place(tmp_path)
    assert (place.address, place.gate_port, place.ray_port, place.pid) == (LOOPBACK, 7000, 7001, 5)
    assert (place.token, place.tls, place.loopback) == (tmp_path / "token", None, True)


def test_the_place_of_a_fleet_that_speaks_tls_has_its_certificates(tmp_path, our_certificates):
    write_object(tmp_path / "fleet.json", {**FACTS, "address": "10.0.0.1", "tls": str(our_certificates.folder)})
    place = fleet_place(tmp_path)
    assert (place.tls, place.loopback) == (our_certificates, False)


def test_where_no_fleet_was_started_there_is_no_place(tmp_path):
    with pytest.raises(DeviceError, match="no fleet was started on this machine"):
        fleet_place(tmp_path)


def test_a_process_that_uses_another_ray_is_refused(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))
    with pytest.raises(DeviceError, match="uses another Ray already"):
        FleetSession(place)


def test_where_nobody_listens_ray_is_not_even_tried(tmp_path, no_ray, monkeypatch):
    monkeypatch.setattr(fleet_session, "_connect", lambda place: pytest.fail("Ray waits for minutes"))
    with pytest.raises(DeviceError, match=r"does not answer \(Connection refused\); start it again"):
        FleetSession(FleetPlace(LOOPBACK, 1, free_port(), tmp_path / "token", None, 1))


def test_a_session_has_the_fleets_settings_and_gives_the_environment_back(place, no_ray, monkeypatch):
    shut = []
    ray = SimpleNamespace(shutdown=lambda: shut.append(os.environ.get("RAY_AUTH_MODE")))
    monkeypatch.setattr(fleet_session, "_connect", lambda place: ray)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    before = dict(os.environ)
    session = FleetSession(place)
    assert (session.ray, os.environ["RAY_AUTH_TOKEN_PATH"]) == (ray, str(place.token))
    session.close()
    session.close()
    assert (shut, dict(os.environ)) == (["token"], before)


def test_a_connection_that_fails_is_one_sentence_and_changes_no_environment(place, no_ray, monkeypatch):
    def fail(place):
        raise ConnectionError("no\n such   cluster")

    monkeypatch.setattr(fleet_session, "_connect", fail)
    before = dict(os.environ)
    with pytest.raises(DeviceError, match=r"\(ConnectionError: no such cluster\); see `protran fleet status`"):
        FleetSession(place)
    assert dict(os.environ) == before
