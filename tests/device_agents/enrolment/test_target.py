import pytest

from device_agents.enrolment.target import SshTarget, is_loopback, parse_target
from device_agents.errors import RequestError


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("pi@board", SshTarget("pi", "board")),
        ("pi@board.local:2222", SshTarget("pi", "board.local", 2222)),
        ("root@192.168.1.5", SshTarget("root", "192.168.1.5")),
        ("pi@[fe80::1]:22", SshTarget("pi", "fe80::1", 22)),
    ],
)
def test_a_target_is_read_and_written_alike(text, target):
    assert parse_target(text) == target
    assert str(target) == text


@pytest.mark.parametrize(
    "text",
    [
        "board",
        "-oProxyCommand=touch /tmp/x@board",
        "pi@-oProxyCommand=x",
        "pi@board;reboot",
        "pi@board reboot",
        "pi@$(reboot)",
        "pi@board\n",
        "pi@board:0",
        "pi@board:65536",
        "pi@fe80::1",
        "@board",
        "pi@",
        "",
    ],
)
def test_what_is_no_user_at_host_is_refused(text):
    with pytest.raises(RequestError, match="expected user@host"):
        parse_target(text)


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("10.0.0.1", False)]
)
def test_the_machine_itself_is_known_by_its_address(host, own):
    assert is_loopback(host) is own
