import pytest

from device_agents.errors import DeviceError
from device_agents.meters.spec import MeterKind, MeterSpec


def test_a_spec_survives_json():
    spec = MeterSpec(MeterKind.REPLAY, "trace.csv", ("VDD_IN", "VDD_SOC"))
    assert MeterSpec.from_json(spec.to_json()) == spec


def test_no_spec_means_no_meter():
    assert MeterSpec.from_json({}) == MeterSpec(MeterKind.NONE)


def test_an_unknown_meter_is_named_with_the_known_ones():
    with pytest.raises(DeviceError, match=r"one of none, replay, rapl, .*; got 'sundial'"):
        MeterSpec.from_json({"kind": "sundial"})


def test_the_gpus_of_a_spec_survive_json_and_are_left_out_where_there_are_none():
    spec = MeterSpec(MeterKind.NVML, gpus=("GPU-1",))
    assert MeterSpec.from_json(spec.to_json()) == spec
    assert "gpus" not in MeterSpec(MeterKind.NVML).to_json()
