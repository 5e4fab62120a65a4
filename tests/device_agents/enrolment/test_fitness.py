import pytest

from device_agents.enrolment.fitness import (
    CUDA_DISK_BYTES,
    RUNNER_DISK_BYTES,
    check_fitness,
    matching_interpreter,
    runner_bytes,
)
from device_agents.enrolment.look import Interpreter
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

BOARD = SshTarget("pi", "board")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "armv7l", "bits": 32}, "armv7l with a 32-bit system.*proxy agent"),
        ({"architecture": "riscv64"}, "riscv64, which Ray does not run on.*proxy agent"),
        ({"architecture": "aarch64", "bits": 32}, "aarch64 with a 32-bit system"),
        ({"kernel": "Darwin"}, "runs Darwin"),
        ({"c_library": ""}, "no GNU C library"),
        ({"memory_bytes": 500_000_000}, "500 MB of memory"),
        ({"free_disk_bytes": 1_000_000_000}, r"1\.0 GB free in /home/pi.*free some space"),
    ],
)
def test_a_machine_that_cannot_run_an_agent_is_refused_with_advice(look, changes, message):
    with pytest.raises(DeviceError, match=message):
        check_fitness(look(**changes), BOARD, RUNNER_DISK_BYTES)


@pytest.mark.parametrize(
    "changes",
    [{}, {"memory_bytes": None, "free_disk_bytes": None}, {"free_disk_bytes": 100, "enrolled": True}],
)
def test_a_fit_machine_passes(look, changes):
    check_fitness(look(**changes), BOARD, RUNNER_DISK_BYTES)


def test_an_interpreter_of_its_own_saves_the_disk_and_cuda_takes_more(look, order):
    sizes = [
        runner_bytes(order(runner_python="/usr/bin/python3"), look()),
        runner_bytes(order(), look()),
        runner_bytes(order(torch_index="https://index.example/cpu"), look(architecture="x86_64")),
        runner_bytes(order(), look(architecture="x86_64")),
    ]
    assert sizes == [0, RUNNER_DISK_BYTES, RUNNER_DISK_BYTES, CUDA_DISK_BYTES]


def test_the_interpreter_of_the_controllers_version_that_can_make_environments_is_taken(look):
    found = (
        Interpreter("3.13", "/usr/bin/python3", True),
        Interpreter("3.11", "/usr/bin/python3.11", False),
        Interpreter("3.11", "/home/pi/python3.11", True),
    )
    assert matching_interpreter(look(interpreters=found), BOARD, "3.11").path == "/home/pi/python3.11"


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({}, "sudo apt install python3.12 python3.12-venv"),
        ({"apt": False, "uv": "/home/pi/.local/bin/uv"}, "/home/pi/.local/bin/uv python install 3.12"),
        ({"apt": False}, "uv python install 3.12"),
    ],
)
def test_a_missing_version_comes_with_the_command_that_brings_it(look, changes, command):
    with pytest.raises(DeviceError, match=r"the controller runs Python 3\.12") as raised:
        matching_interpreter(look(**changes), BOARD, "3.12")
    assert command in str(raised.value)


def test_an_interpreter_without_venv_comes_with_the_package_that_brings_it(look):
    found = (Interpreter("3.11", "/usr/bin/python3.11", False),)
    with pytest.raises(DeviceError, match=r"sudo apt install python3\.11-venv"):
        matching_interpreter(look(interpreters=found), BOARD, "3.11")
