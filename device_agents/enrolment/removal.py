"""Takes an enrolled device out of service again, over ssh."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from device_agents.enrolment.record import forget, recall
from device_agents.enrolment.ssh import Remote, Ssh
from device_agents.enrolment.target import SshTarget
from device_agents.enrolment.unit import unit_name
from device_agents.errors import DeviceError
from device_agents.fleet.device_name import check_device_name

_SCRIPT = """
name=@UNIT@
stopped=no
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
if [ -e "$HOME/.config/systemd/user/$name" ]; then
    systemctl --user disable --now "$name" && rm -f "$HOME/.config/systemd/user/$name" || exit 1
    systemctl --user daemon-reload
    stopped=yes
fi
if [ -e "/etc/systemd/system/$name" ]; then
    [ "$(id -u)" = 0 ] && sudo= || sudo='sudo -n'
    $sudo systemctl disable --now "$name" && $sudo rm -f "/etc/systemd/system/$name" || exit 1
    $sudo systemctl daemon-reload
    stopped=yes
fi
rm -f "$HOME/.local/share/protran/"@DEVICE@.token
echo "protran:stopped=$stopped"
"""


def stop_device(remote: Remote, device: str) -> bool:
    """Stops and removes a device's service and its copy of the token; returns whether there was a service.

    The environment stays, since another device of the same machine may use it. May be repeated.

    Raises:
        DeviceError: this is no name of a device, there is no connection, or the service does not stop.
    """
    check_device_name(device)
    script = _SCRIPT.replace("@UNIT@", shlex.quote(unit_name(device))).replace("@DEVICE@", shlex.quote(device))
    done = remote.run(script, time_s=120.0)
    answers = [line for line in done.output.splitlines() if line.startswith("protran:stopped=")]
    if done.code != 0 or not answers:
        raise DeviceError(
            f"the service of {device} on {remote.target} does not stop ({done.complaint}); stop it there: "
            f"systemctl disable --now {unit_name(device)}"
        )
    return answers[-1].endswith("=yes")


def withdraw(fleet: Path, device: str, connect: Callable[[SshTarget], Remote] = Ssh) -> bool:
    """Stops a device that was enrolled over ssh and forgets where it is; returns whether it was such a device.

    Args:
        fleet: the controller's folder.
        device: its name.
        connect: returns the machine at a target.

    Raises:
        DeviceError: this is no name of a device, there is no connection, or the service does not stop: the record
            stays then.
    """
    target = recall(fleet, device)
    if target is None:
        return False
    stop_device(connect(target), device)
    forget(fleet, device)
    return True
