import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.token import make_token, read_token


def write(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_new_token_has_256_bits_and_only_its_owner_reads_it(tmp_path):
    token = make_token(tmp_path / "token")
    assert len(bytes.fromhex(token)) == 32
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_no_two_fleets_have_the_same_token(tmp_path):
    assert make_token(tmp_path / "one") != make_token(tmp_path / "two")


def test_a_token_stays_once_it_is_made(tmp_path):
    assert make_token(tmp_path / "token") == make_token(tmp_path / "token") == read_token(tmp_path / "token")


def test_a_token_that_others_can_read_is_refused(tmp_path):
    path = write(tmp_path / "token", b"a" * 64, 0o640)
    with pytest.raises(DeviceError, match=r"mode 0640.*chmod 600"):
        read_token(path)


def test_a_missing_token_is_refused_with_where_to_get_it(tmp_path):
    with pytest.raises(DeviceError, match=r"No such file.*protran fleet token"):
        read_token(tmp_path / "absent")


@pytest.mark.parametrize("content", [b"", b"short", b"a" * 257, b"a" * 40 + b" " + b"b" * 40, b"\xff" * 40])
def test_a_file_without_a_token_is_refused_and_its_content_not_shown(tmp_path, content):
    with pytest.raises(DeviceError, match="token") as refused:
        read_token(write(tmp_path / "token", content))
    assert "aaaa" not in str(refused.value)


def test_space_around_a_token_is_not_part_of_it(tmp_path):
    assert read_token(write(tmp_path / "token", b"  " + b"a" * 32 + b"\r\n")) == "a" * 32
