"""Whether a machine can be a device of a fleet, and if not, what to do about it."""

from __future__ import annotations

from device_agents.enrolment.look import Interpreter, Look
from device_agents.enrolment.order import Enrolment
from device_agents.enrolment.target import SshTarget
from device_agents.errors import DeviceError

ARCHITECTURES = ("x86_64", "amd64", "aarch64", "arm64")
"""What Ray 2.60 has wheels for on Linux, by two names each; there is none for armv7."""

LEAST_MEMORY_BYTES = 900_000_000
"""350 MB for Ray's node (the budget that was set for it), then torch, a model, and the system itself."""

AGENT_DISK_BYTES = 800_000_000
RUNNER_DISK_BYTES = 1_700_000_000
CUDA_DISK_BYTES = 5_500_000_000
"""What agent and runner take, unpacked, beside the wheel that is unpacked at the moment. With the CUDA libraries that
torch brings on x86-64 the whole environment took 5.0 GiB (ray 2.60.0, torch 2.13.0)."""

_PROXY = "give it a proxy agent on another machine of the fleet instead (docs/devices.md)"


def brings_cuda(order: Enrolment, look: Look) -> bool:
    """Tells whether the torch that will be installed brings CUDA libraries."""
    return order.runner_python is None and order.torch_index is None and look.architecture in ("x86_64", "amd64")


def runner_bytes(order: Enrolment, look: Look) -> int:
    """Returns the room on the disk that the runner's libraries need; 0 where the device has its own."""
    if order.runner_python is not None:
        return 0
    return CUDA_DISK_BYTES if brings_cuda(order, look) else RUNNER_DISK_BYTES


def check_fitness(look: Look, target: SshTarget, runner_disk_bytes: int) -> None:
    """Refuses a machine that cannot run an agent.

    Args:
        look: what was seen of the machine.
        target: where it is, for the message.
        runner_disk_bytes: room that the runner's libraries need.

    Raises:
        DeviceError: says what it lacks and what to do.
    """
    if look.kernel != "Linux":
        raise DeviceError(f"{target} runs {look.kernel}, a device needs Linux; {_PROXY}")
    if look.architecture not in ARCHITECTURES or look.bits == 32:
        what = look.architecture if look.bits != 32 else f"{look.architecture} with a 32-bit system"
        raise DeviceError(f"{target} is {what}, which Ray does not run on; {_PROXY}")
    if not look.c_library:
        raise DeviceError(f"{target} has no GNU C library, which Ray and torch need; {_PROXY}")
    if look.memory_bytes is not None and look.memory_bytes < LEAST_MEMORY_BYTES:
        raise DeviceError(
            f"{target} has {look.memory_bytes / 1e6:.0f} MB of memory, an agent with its runner needs "
            f"{LEAST_MEMORY_BYTES / 1e6:.0f} MB; {_PROXY}"
        )
    needed_bytes = AGENT_DISK_BYTES + runner_disk_bytes
    if not look.enrolled and look.free_disk_bytes is not None and look.free_disk_bytes < needed_bytes:
        raise DeviceError(
            f"{target} has {look.free_disk_bytes / 1e9:.1f} GB free in {look.home}, an environment needs "
            f"{needed_bytes / 1e9:.1f} GB; free some space"
        )


def matching_interpreter(look: Look, target: SshTarget, python: str) -> Interpreter:
    """Returns an interpreter of the controller's minor version; Ray refuses any other.

    Raises:
        DeviceError: there is none that can make an environment; the message holds the command that brings one.
    """
    matching = [interpreter for interpreter in look.interpreters if interpreter.version == python]
    for interpreter in matching:
        if interpreter.makes_environments:
            return interpreter
    if matching:
        raise DeviceError(
            f"{matching[0].path} on {target} cannot make virtual environments; run there: "
            f"sudo apt install python{python}-venv"
        )
    raise DeviceError(
        f"the controller runs Python {python} and {target} has none; run there: {_install_command(look, python)}"
    )


def _install_command(look: Look, python: str) -> str:
    if look.apt:
        return f"sudo apt install python{python} python{python}-venv"
    if look.uv:
        return f"{look.uv} python install {python}"
    return f"pipx install uv && uv python install {python} (sudo apt install pipx brings pipx)"
