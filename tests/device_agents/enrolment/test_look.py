import sys

import pytest

from device_agents.enrolment.look import look_at
from device_agents.enrolment.order import own_python
from device_agents.enrolment.ssh import Ssh
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

ANSWER = """\
Welcome to the board! home=/tmp
protran:kernel=Linux
protran:architecture=armv7l
protran:bits=32
protran:c_library=glibc 2.36
protran:operating_system=Raspbian GNU/Linux 12 (bookworm)
protran:home=/home/pi
protran:user=pi
protran:user_id=1000
protran:memory_kib=1000000
protran:disk_kib=2000000
protran:systemd=degraded
protran:sudo=yes
protran:enrolled=no
protran:apt=yes
protran:python=3.11 no /usr/bin/python3.11
protran:python=3.11 no /usr/bin/python3.11
protran:python=3.13 yes /opt/my python/bin/python3
"""


def test_the_answer_is_read_and_what_else_is_printed_is_not(canned):
    seen = look_at(canned(ANSWER), "3.11")
    assert (seen.architecture, seen.bits, seen.home, seen.is_root) == ("armv7l", 32, "/home/pi", False)
    assert (seen.memory_bytes, seen.free_disk_bytes) == (1_024_000_000, 2_048_000_000)
    assert (seen.systemd, seen.sudo, seen.apt, seen.uv) == (True, True, True, "")
    found = [(interpreter.path, interpreter.makes_environments) for interpreter in seen.interpreters]
    assert found == [("/usr/bin/python3.11", False), ("/opt/my python/bin/python3", True)]


def test_the_summary_is_one_line_for_the_user(canned):
    line = look_at(canned(ANSWER), "3.11").summary()
    assert line.startswith("Raspbian GNU/Linux 12 (bookworm), armv7l, Python 3.11, 3.13, 1.0 GB of memory")


@pytest.mark.parametrize("state", ["", "offline", "unknown"])
def test_a_machine_that_systemd_does_not_run_has_none(canned, state):
    assert not look_at(canned(ANSWER.replace("degraded", state)), "3.11").systemd


def test_what_is_no_posix_shell_is_said(canned):
    with pytest.raises(DeviceError, match=r"does not answer as a POSIX shell does .*proxy agent"):
        look_at(canned("", code=1, errors="'sh' is not recognized"), "3.11")


def test_a_real_machine_answers(device):
    seen = look_at(Ssh(SshTarget("pi", "board")), own_python())
    assert seen.kernel == "Linux" if sys.platform == "linux" else seen.kernel
    assert (seen.home, seen.user, seen.is_root, seen.enrolled) == (str(device.home), "pi", False, False)
    assert seen.memory_bytes > 0 and seen.free_disk_bytes > 0
    own = next(interpreter for interpreter in seen.interpreters if interpreter.version == own_python())
    assert own.makes_environments
