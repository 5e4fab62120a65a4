import shlex

import pytest

from device_agents.enrolment.plan import plan_enrolment


@pytest.fixture
def plan(order, look, wheel):
    def make(seen=None, **changes):
        seen = seen or {}
        return plan_enrolment(order(**changes), look(**seen), look(**seen).interpreters[0], wheel)

    return make


def titled(plan, words):
    return next(step for step in plan.steps if words in step.title)


def test_the_token_travels_over_standard_input_alone(plan, order):
    steps = plan().steps
    token = order().token
    assert [step.reads for step in steps if token.encode() in step.stdin] == ["the token"]
    assert not any(token in step.script or token in step.title or token in repr(step.reads) for step in steps)
    assert token not in plan().join_line


def test_the_service_joins_under_the_devices_name_with_what_was_asked(plan):
    made = plan(address="10.0.0.5", runner_python="/usr/bin/python3", tls="/etc/protran")
    words = list(made.join)
    assert words[1:6] == ["-m", "protran.cli.main", "device", "join", "10.0.0.1:6377"]
    options = dict(zip(words[6::2], words[7::2], strict=True))
    assert options == {
        "--name": "pi5",
        "--token-file": "/home/pi/.local/share/protran/pi5.token",
        "--address": "10.0.0.5",
        "--runner-python": "/usr/bin/python3",
        "--tls": "/etc/protran",
    }


def test_an_interpreter_of_the_devices_own_saves_torch_and_finds_our_packages(plan):
    made = plan(runner_python="/usr/bin/python3")
    assert b"torch==" not in titled(made, "pinned libraries").stdin
    assert "--target" in titled(made, ".whl").script
    assert made.environment["PYTHONPATH"] == "/home/pi/.local/share/protran/packages"
    assert made.join_line.startswith("PYTHONUNBUFFERED=1 PYTHONPATH=")


def test_torch_may_come_from_an_index_of_its_own_before_the_rest(plan):
    made = plan(torch_index="https://index.example/cpu")
    titles = [step.title for step in made.steps]
    own = titled(made, "https://index.example/cpu")
    assert titles.index(own.title) < titles.index(titled(made, "pinned libraries").title)
    assert "--no-deps --index-url https://index.example/cpu torch==" in own.script


def test_onnxruntime_is_installed_where_it_is_asked_for(plan):
    assert b"onnxruntime==" not in titled(plan(), "pinned libraries").stdin
    assert b"onnxruntime==" in titled(plan(onnx=True), "pinned libraries").stdin


def test_our_wheel_brings_no_dependencies_and_replaces_an_earlier_one(plan):
    assert "--no-index --no-deps --force-reinstall" in titled(plan(), ".whl").script


def test_a_home_folder_with_spaces_stays_one_word(plan):
    made = plan(seen={"home": "/home/my pi"})
    assert "/home/my pi/.local/share/protran/environment" in shlex.split(titled(made, "an environment").script)


def test_root_rights_are_asked_for_only_where_they_are_needed(plan):
    assert "sudo" not in "".join(step.script for step in plan().steps)
    assert "sudo -n systemctl restart" in plan(seen={"sudo": True}).steps[-1].script
    assert "sudo" not in plan(seen={"is_root": True}).steps[-1].script


def test_certificates_are_looked_for_before_anything_is_installed(plan):
    titles = [step.title for step in plan(tls="/etc/protran").steps]
    assert titles.index("its certificates in /etc/protran") < 2


def test_without_systemd_nothing_is_started(plan):
    made = plan(seen={"systemd": False})
    assert made.unit is None
    assert made.steps[-1].reads == "the token"
