import pytest

from device_agents.enrolment.ssh import Finished, Ssh, link_failure, ssh_command
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

BOARD = SshTarget("pi", "board", 2222)


def test_the_destination_follows_the_end_of_the_options_and_nobody_is_asked_anything():
    command = ssh_command(BOARD, "true")
    assert command[-3:] == ["--", "pi@board", "true"]
    assert command[command.index("-p") + 1] == "2222"
    assert "BatchMode=yes" in command


def test_a_script_runs_there_with_its_input_and_its_quotes(device):
    done = Ssh(BOARD).run("""printf '%s|' "$HOME" 'it'"'"'s'; cat""", stdin=b"input")
    assert done == Finished(0, f"{device.home}|it's|input", "")


def test_a_script_that_fails_keeps_its_exit_code_and_its_last_complaint(device):
    done = Ssh(BOARD).run("echo first >&2; echo no room >&2; exit 3")
    assert (done.code, done.complaint) == (3, "no room")


def test_the_fleets_secrets_are_not_in_the_environment_of_ssh(device, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    Ssh(BOARD).run("true")
    assert "RAY_AUTH" not in device.read("environment")


def test_a_machine_without_ssh_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="apt install openssh-client"):
        Ssh(BOARD).run("true")


def test_a_script_without_end_is_given_up(device):
    with pytest.raises(DeviceError, match=r"did not finish within 0\.05 s"):
        Ssh(BOARD).run("exec sleep 5", time_s=0.05)


def test_a_refused_connection_is_one_sentence_with_advice(device):
    device.set("refusal", "pi@board: Permission denied (publickey).\n")
    with pytest.raises(DeviceError, match="ssh-copy-id -p 2222 pi@board") as raised:
        Ssh(BOARD).run("true")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Host key verification failed.", "connect once by hand with `ssh -p 2222 pi@board`"),
        ("ssh: Could not resolve hostname board", "check the host's name"),
        ("connect to host board port 2222: Connection refused", "start its ssh server"),
        ("connect to host board port 2222: Connection timed out", "switched on"),
        ("kex_exchange_identification: read: something", "by hand"),
        ("", "by hand"),
    ],
)
def test_each_reason_for_no_connection_has_its_advice(said, advice):
    assert advice in link_failure(BOARD, said)
