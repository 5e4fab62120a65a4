import pytest

from device_agents.enrolment.unit import Scope, unit_for, unit_text
from device_agents.errors import RequestError

COMMAND = ("/home/a b/python", "-m", "protran.cli.main", "100%", "$HOME", 'a"b\\c')


def text_for(look, **changes):
    unit = unit_for(look(**changes), "pi5")
    return unit_text(unit, "pi5", COMMAND, user="pi", folder="/home/pi", environment={"A": "50%"}).splitlines()


@pytest.mark.parametrize(
    ("changes", "scope", "sudo"),
    [
        ({}, Scope.USER, False),
        ({"sudo": True}, Scope.SYSTEM, True),
        ({"is_root": True}, Scope.SYSTEM, False),
        ({"is_root": True, "sudo": True}, Scope.SYSTEM, False),
    ],
)
def test_the_service_is_the_systems_where_the_user_may_act_as_root(look, changes, scope, sudo):
    unit = unit_for(look(**changes), "pi5")
    assert (unit.name, unit.scope, unit.sudo) == ("protran-device-pi5.service", scope, sudo)


def test_without_systemd_there_is_no_service(look):
    assert unit_for(look(systemd=False), "pi5") is None


def test_the_service_comes_back_for_ever_and_runs_at_the_usual_niceness(look):
    lines = text_for(look)
    assert {"Restart=always", "RestartSec=10", "KillMode=mixed", "Nice=0", "StartLimitIntervalSec=0"} <= set(lines)


def test_words_of_the_command_reach_the_program_as_they_are(look):
    start = next(line for line in text_for(look) if line.startswith("ExecStart="))
    assert start == 'ExecStart="/home/a b/python" "-m" "protran.cli.main" "100%%" "$$HOME" "a\\"b\\\\c"'


def test_a_variable_keeps_its_percent_sign(look):
    assert 'Environment="A=50%%"' in text_for(look)


def test_only_a_service_of_the_system_names_its_user_and_waits_for_the_network(look):
    assert {"User=pi", "WantedBy=multi-user.target", "After=network-online.target"} <= set(text_for(look, sudo=True))
    assert not any(line.startswith(("User=", "After=")) for line in text_for(look))
    assert "WantedBy=default.target" in text_for(look)


def test_a_line_break_cannot_enter_the_unit(look):
    unit = unit_for(look(), "pi5")
    with pytest.raises(RequestError, match="control characters"):
        unit_text(unit, "pi5", ("a\nExecStartPre=/bin/x",), user="pi", folder="/", environment={})
