"""What is asked of an enrolment."""

from __future__ import annotations

import ipaddress
import re
import sys
from dataclasses import dataclass, field

from device_agents.enrolment.target import SshTarget, is_loopback
from device_agents.errors import RequestError
from device_agents.fleet.device_name import check_device_name

_CONTROLLER = re.compile(
    r"(?:(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252})|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\]):(?P<port>[0-9]{1,5})"
)
_INDEX = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~/+-]{0,400}")
_TOKEN = re.compile(r"[\x21-\x7e]{16,4096}")
_PATH = re.compile(r"/[A-Za-z0-9._/+-]{1,400}")


def own_python() -> str:
    """Returns the minor version of this interpreter, which is the controller's, for example `3.11`."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True)
class Enrolment:
    """One device to be enrolled; every value is checked before it becomes part of a command.

    Attributes:
        name: of the device in the fleet.
        target: where ssh reaches it.
        controller: ``HOST:PORT`` that the device joins.
        token: the fleet's secret; never shown.
        address: IP address under which the controller reaches the device; None for what the device finds itself.
        runner_python: absolute path of the device's own interpreter that runs models; None for the agent's.
        torch_index: package index for torch alone, for example that of the CPU-only builds.
        onnx: whether onnxruntime is installed too.
        tls: absolute path of the folder on the device with its certificates; None where the fleet speaks no TLS.
        python: minor version that the agent's environment must have.

    Raises:
        RequestError: a value is not valid.
        DeviceError: the name cannot be a device's.
    """

    name: str
    target: SshTarget
    controller: str
    token: str = field(repr=False)
    address: str | None = None
    runner_python: str | None = None
    torch_index: str | None = None
    onnx: bool = False
    tls: str | None = None
    python: str = field(default_factory=own_python)

    def __post_init__(self) -> None:
        check_device_name(self.name)
        host, _ = self.controller_address
        if is_loopback(host) and not is_loopback(self.target.host):
            raise RequestError(
                f"the fleet listens on {host} only, which {self.target} cannot reach; start it with "
                f"`protran fleet start --bind IP`"
            )
        if _TOKEN.fullmatch(self.token) is None:
            raise RequestError("expected the fleet's token on one line; make one with `protran fleet start`")
        _check_address(self.address)
        _check(self.runner_python, _PATH, "--runner-python", "an absolute path of letters, digits and ._/+-")
        _check(self.tls, _PATH, "--tls", "an absolute path of letters, digits and ._/+-")
        _check(self.torch_index, _INDEX, "--torch-index", "an https:// address without a query")

    @property
    def controller_address(self) -> tuple[str, int]:
        """Host, without brackets, and port of the controller.

        Raises:
            RequestError: it is not HOST:PORT.
        """
        found = _CONTROLLER.fullmatch(self.controller)
        if found is None or not 0 < int(found["port"]) < 65536:
            raise RequestError(
                f"expected the controller as HOST:PORT, got {self.controller!r}; see `protran fleet status`"
            )
        return found["host"] or found["ipv6"], int(found["port"])


def _check(value: str | None, pattern: re.Pattern[str], option: str, expected: str) -> None:
    if value is not None and pattern.fullmatch(value) is None:
        raise RequestError(f"{option}: expected {expected}, got {value!r}; give another")


def _check_address(address: str | None) -> None:
    if address is None:
        return
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise RequestError(
            f"--address: expected an IP address of the device, got {address!r}; see `ip address`"
        ) from None
