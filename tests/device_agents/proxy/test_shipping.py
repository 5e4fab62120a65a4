import pytest

from device_agents.enrolment.ssh import Ssh
from device_agents.enrolment.target import SshTarget
from device_agents.enrolment.wheel import Archive
from device_agents.errors import DeviceError
from device_agents.proxy.shipping import ship

BOARD = Ssh(SshTarget("pi", "board"))


def test_an_archive_lies_in_the_cache_of_the_user_there(board):
    path = ship(BOARD, Archive("runner-1.zip", b"x" * 300_000))
    assert path == f"{board.home}/.cache/protran/runner-1.zip"
    assert (board.home / ".cache/protran/runner-1.zip").read_bytes() == b"x" * 300_000


def test_an_archive_that_is_there_is_not_written_again(board):
    ship(BOARD, Archive("runner-1.zip", b"first"))
    ship(BOARD, Archive("runner-1.zip", b"second"))
    assert (board.home / ".cache/protran/runner-1.zip").read_bytes() == b"first"


def test_a_folder_that_cannot_be_written_is_said(board):
    (board.home / ".cache").write_text("a file")
    with pytest.raises(DeviceError, match="cannot copy the runner to pi@board"):
        ship(BOARD, Archive("runner-1.zip", b"content"))
