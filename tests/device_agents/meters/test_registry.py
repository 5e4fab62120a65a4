import pytest

from device_agents.clock import ManualClock
from device_agents.errors import DeviceError
from device_agents.meters.none import NoMeter
from device_agents.meters.registry import open_meter
from device_agents.meters.replay import ReplayMeter
from device_agents.meters.spec import MeterKind, MeterSpec


@pytest.mark.parametrize(("kind", "expected"), [(MeterKind.NONE, NoMeter), (MeterKind.REPLAY, ReplayMeter)])
def test_every_kind_of_meter_opens(tmp_path, kind, expected):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,power_w\n0,1\n1,1\n")
    assert isinstance(open_meter(MeterSpec(kind, str(path)), ManualClock()), expected)


def test_a_replay_without_its_recording_is_one_sentence(tmp_path):
    with pytest.raises(DeviceError, match="power trace"):
        open_meter(MeterSpec(MeterKind.REPLAY, str(tmp_path / "absent.csv")), ManualClock())
