import pytest
from power_calibrations import make_calibration

from device_agents.clock import ManualClock
from device_agents.environment import device_identity
from device_agents.errors import DeviceError
from device_agents.measurement import Provenance
from device_agents.meters import registry
from device_agents.meters.none import NoMeter
from device_agents.meters.registry import METERS, open_meter
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.spec import MeterKind, MeterSpec
from device_agents.power_calibration.storage import save_calibration


def test_every_kind_of_meter_can_be_opened():
    assert set(METERS) == set(MeterKind)


@pytest.mark.parametrize(("kind", "expected"), [(MeterKind.NONE, NoMeter), (MeterKind.REPLAY, ReplayMeter)])
def test_the_kind_decides_the_meter(tmp_path, kind, expected):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,power_w\n0,1\n1,1\n")
    assert isinstance(open_meter(MeterSpec(kind, str(path)), ManualClock()), expected)


def test_a_replay_without_its_recording_is_one_sentence(tmp_path):
    with pytest.raises(DeviceError, match="power trace"):
        open_meter(MeterSpec(MeterKind.REPLAY, str(tmp_path / "absent.csv")), ManualClock())


def test_the_rails_that_are_asked_for_reach_the_meter(monkeypatch):
    asked = {}
    monkeypatch.setattr(registry, "open_hwmon", lambda **options: asked.update(options))
    open_meter(MeterSpec(MeterKind.HWMON, rails=("VDD_IN",)), ManualClock())
    assert asked["labels"] == ("VDD_IN",)


def test_the_calibration_that_is_asked_for_reaches_the_estimate(tmp_path):
    path = save_calibration(make_calibration(identity=device_identity()), tmp_path)
    meter = open_meter(MeterSpec(MeterKind.ESTIMATE, str(path)), ManualClock())
    assert meter.energy_provenance is Provenance.ESTIMATED_CALIBRATED
