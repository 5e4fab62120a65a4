import sys
from pathlib import Path

import pytest
from power_calibrations import IDENTITY, make_calibration

from device_agents.errors import DeviceError
from device_agents.power_calibration.storage import (
    calibration_path,
    data_folder,
    load_calibration,
    save_calibration,
)


def test_what_was_saved_is_loaded(tmp_path):
    calibration = make_calibration()
    path = save_calibration(calibration, tmp_path / "new")
    assert path == calibration_path(IDENTITY, tmp_path / "new")
    assert load_calibration(path) == calibration


def test_a_second_calibration_takes_the_place_of_the_first_and_leaves_nothing_beside_it(tmp_path):
    save_calibration(make_calibration(), tmp_path)
    path = save_calibration(make_calibration(date="2027-01-01T00:00:00+00:00"), tmp_path)
    assert load_calibration(path).date.startswith("2027")
    assert list(path.parent.iterdir()) == [path]


def test_no_file_is_no_calibration(tmp_path):
    assert load_calibration(tmp_path / "absent.json") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}'])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DeviceError, match=r"x\.json: .*; delete it, or run protran device calibrate-power again"):
        load_calibration(path)


def test_a_file_that_cannot_be_read_is_an_error_and_not_an_absent_one(tmp_path):
    with pytest.raises(DeviceError, match="cannot be read"):
        load_calibration(tmp_path)


@pytest.mark.parametrize("identity", ["", "../../etc/passwd", "0123456789ABCDEF", "0123456789abcdef\n"])
def test_a_name_that_is_no_identity_leads_nowhere(tmp_path, identity):
    with pytest.raises(DeviceError, match="16 hexadecimal digits"):
        calibration_path(identity, tmp_path)


def test_a_folder_that_cannot_be_written_is_named_with_the_variable(tmp_path):
    (tmp_path / "power-calibrations").write_text("a file")
    with pytest.raises(DeviceError, match="set PROTRAN_DATA to a folder that can be written"):
        save_calibration(make_calibration(), tmp_path)


def test_the_variable_decides_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTRAN_DATA", str(tmp_path))
    assert data_folder() == tmp_path


def test_without_the_variable_it_is_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("PROTRAN_DATA", raising=False)
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    assert data_folder() == Path(tmp_path / "protran")


def test_without_the_library_the_variable_is_asked_for(monkeypatch):
    monkeypatch.delenv("PROTRAN_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(DeviceError, match="set PROTRAN_DATA"):
        data_folder()
