from pathlib import Path

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.folder import fleet_folder, private_folder, read_object, write_object, write_privately


def mode(path):
    return path.stat().st_mode & 0o777


def test_the_folder_is_the_one_that_the_user_chose(monkeypatch):
    monkeypatch.setenv("PROTRAN_FLEET", "/somewhere/else")
    assert fleet_folder() == Path("/somewhere/else")


def test_without_a_choice_the_folder_lies_in_the_users_state_and_is_not_made(monkeypatch, tmp_path):
    monkeypatch.delenv("PROTRAN_FLEET", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert fleet_folder() == tmp_path / "protran" / "fleet"
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_can_enter_a_private_folder_even_if_it_was_there_before(tmp_path):
    (tmp_path / "old").mkdir(mode=0o755)
    assert [mode(private_folder(tmp_path / name)) for name in ("old", "new")] == [0o700, 0o700]


def test_a_folder_that_cannot_be_made_is_refused_with_the_variable_that_names_another(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="PROTRAN_FLEET"):
        private_folder(tmp_path / "file" / "fleet")


def test_what_is_written_privately_is_for_the_owner_only_even_over_an_open_file(tmp_path):
    path = tmp_path / "secret"
    path.touch(mode=0o644)
    write_privately(path, "text")
    assert (path.read_text(), mode(path)) == ("text", 0o600)


def test_a_write_that_fails_leaves_no_part_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(DeviceError, match="cannot write"):
        write_privately(tmp_path / "taken", "secret")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_an_object_comes_back_as_it_was_written(tmp_path):
    write_object(tmp_path / "object.json", {"a": [1, None]})
    assert read_object(tmp_path / "object.json") == {"a": [1, None]}


def test_where_there_is_no_file_there_is_no_object(tmp_path):
    assert read_object(tmp_path / "absent.json") is None


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": ', b"\xff\xfe"])
def test_a_file_that_holds_no_object_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "object.json").write_bytes(content)
    with pytest.raises(DeviceError, match=r"object\.json"):
        read_object(tmp_path / "object.json")
