import pytest
from fake_sensors import chip

from device_agents.errors import DeviceError
from device_agents.meters.rails import choose_rails, find_rails

VOLTS = {"in1_input": 5000, "in2_input": 5000, "in3_input": 5000}
CURRENTS = {"curr1_input": 1000, "curr2_input": 600, "curr3_input": 200}


def labels(rails):
    return [rail.label for rail in rails]


def test_milliamperes_times_millivolts_are_watts(tmp_path):
    chip(tmp_path, "ina3221", in1_label="VDD_IN", **VOLTS, **CURRENTS)
    assert find_rails(tmp_path)[1].read_w() == pytest.approx(3.0)


def test_microwatts_come_before_amperes_times_volts(tmp_path):
    chip(tmp_path, "ina226", in0_input=3, in1_input=5000, curr1_input=1000, power1_input=5_250_000)
    (rail,) = find_rails(tmp_path)
    assert rail.read_w() == pytest.approx(5.25)
    assert rail.label == "ina226 1"


def test_the_sum_of_currents_of_an_ina3221_is_no_rail(tmp_path):
    chip(tmp_path, "ina3221", **VOLTS, **CURRENTS, curr4_input=1800, in4_input=10)
    assert labels(find_rails(tmp_path)) == ["ina3221 1", "ina3221 2", "ina3221 3"]


def test_channels_that_are_off_or_not_connected_are_no_rails(tmp_path):
    chip(tmp_path, "ina3221", in1_label="NC", in2_enable=0, in3_label="VDD_SOC", **VOLTS, **CURRENTS)
    assert labels(find_rails(tmp_path)) == ["VDD_SOC"]


def test_a_rail_that_feeds_the_others_stands_for_the_board(tmp_path):
    chip(tmp_path, "ina3221", in1_label="VDD_IN", in2_label="VDD_CPU_GPU_CV", in3_label="VDD_SOC", **VOLTS, **CURRENTS)
    assert labels(choose_rails(find_rails(tmp_path))) == ["VDD_IN"]


def test_without_such_a_rail_all_rails_of_all_the_boards_chips_are_added(tmp_path):
    chip(tmp_path, "ina3221", 0, in1_label="GPU", in2_label="CPU", in3_label="SOC", **VOLTS, **CURRENTS)
    chip(tmp_path, "ina3221", 1, in1_label="CV", in1_input=5000, curr1_input=10)
    assert labels(choose_rails(find_rails(tmp_path))) == ["GPU", "CPU", "SOC", "CV"]


def test_a_graphics_card_is_no_board_but_can_be_asked_for(tmp_path):
    chip(tmp_path, "amdgpu", power1_average=30_000_000, power1_label="PPT")
    rails = find_rails(tmp_path)
    assert choose_rails(rails) == []
    assert choose_rails(rails, ["PPT"])[0].read_w() == pytest.approx(30.0)


def test_a_missing_rail_is_named_with_those_that_there_are(tmp_path):
    chip(tmp_path, "ina3221", in1_label="VDD_IN", in2_label="VDD_SOC", **VOLTS, **CURRENTS)
    with pytest.raises(DeviceError, match="'VDD_CPU', found VDD_IN, VDD_SOC, ina3221 3; name one of these"):
        choose_rails(find_rails(tmp_path), ["VDD_IN", "VDD_CPU"])
