"""`protran device`: enrol the machines that are measured on, and see how they are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from protran.cli.device_calibrate import calibrate
from protran.cli.device_calibrate_power import calibrate_power
from protran.cli.device_enroll import enroll
from protran.cli.device_join import join
from protran.cli.terminal import JsonFlag, harmless, print_json, print_pairs, screen

app = typer.Typer(help="Enrol devices and see how they are.", no_args_is_help=True)
app.command("join")(join)
app.command("enroll")(enroll)
app.command("calibrate")(calibrate)
app.command("calibrate-power")(calibrate_power)

CHECK_S = 720.0
DeviceName = Annotated[str, typer.Argument(metavar="NAME", help="The device (`protran device list` shows them).")]


@app.command("list")
def list_devices(as_json: JsonFlag = False) -> None:
    """List the fleet's devices: state, address, last seen, sensors, throttling, queue.

    ready: measures when asked. busy: measures now. suspect: not heard of for seconds. lost: gone; it rejoins by itself.
    refused: something keeps it out, which `protran device doctor NAME` tells.

    Example: protran device list --json
    """
    from device_agents.fleet.control import ask_controller
    from protran.cli.device_table import device_table

    devices = ask_controller("devices", {})["devices"]
    if as_json:
        print_json({"devices": devices})
    elif not devices:
        screen().print("no device has asked to join yet; `protran fleet start` says how one does")
    else:
        screen().print(device_table(devices))


@app.command("check")
def check(name: DeviceName, as_json: JsonFlag = False) -> None:
    """Test a device anew, in about a minute: a sign of life, then the reference model three times.

    Ends with 1 where it is not ready.

    Example: protran device check rpi4
    """
    from device_agents.errors import DeviceError
    from device_agents.fleet.control import ask_controller

    found = ask_controller("check", {"name": name}, answer_s=CHECK_S)
    if as_json:
        print_json(found)
    if found["state"] == "refused":
        raise DeviceError(f"{name} is not ready: {found['reason']}")
    if not as_json:
        screen().print(f"{harmless(name)} is ready")
        print_pairs(screen(), self_test_pairs(found))


@app.command("remove")
def remove(name: DeviceName, as_json: JsonFlag = False) -> None:
    """Forget a device. Its measurements stay in the ledger; its own process ends within seconds.

    Example: protran device remove rpi4
    """
    from device_agents.enrolment.removal import withdraw
    from device_agents.errors import DeviceError
    from device_agents.fleet.control import ask_controller
    from device_agents.fleet.folder import fleet_folder

    note = ""
    try:
        stopped = withdraw(fleet_folder(), name)  # first: a service would join again at once
    except DeviceError as error:  # it is forgotten all the same, and its own process ends by itself
        stopped, note = False, f"; its service could not be stopped: {error}"
    ask_controller("remove", {"name": name})
    if as_json:
        print_json({"removed": name, "service_stopped": stopped})
    else:
        screen().print(f"{harmless(name)} is no longer of this fleet{harmless(note)}", soft_wrap=True)


@app.command("doctor")
def doctor(name: DeviceName, as_json: JsonFlag = False) -> None:
    """Say what a device is, what its sensors can say, and what is wrong with it and mends it.

    Example: protran device doctor rpi4
    """
    from device_agents.errors import DeviceError
    from device_agents.fleet.control import ask_controller
    from protran.cli.device_table import advice, device_pairs

    devices: list[dict[str, Any]] = ask_controller("devices", {})["devices"]
    found = next((device for device in devices if device["name"] == name), None)
    if found is None:
        known = ", ".join(device["name"] for device in devices) or "none"
        raise DeviceError(f"expected a device of this fleet ({known}), got {name!r}")
    lines = advice(found)
    if as_json:
        print_json({**found, "advice": lines})
        return
    print_pairs(screen(), [*device_pairs(found), *self_test_pairs(found)])
    for line in lines:
        screen().print(f"  !! {harmless(line)}", style="yellow", soft_wrap=True)


def self_test_pairs(device: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns what the self-test of a device found, in words."""
    test = device.get("self_test") or {}
    if not test:
        return [("self-test", "not done yet")]
    latencies = ", ".join(f"{1e3 * latency_s:.3f} ms" for latency_s in test["reference_latency_s"])
    pairs = [
        ("reference model", latencies),
        ("they differ by", f"{test['relative_spread']:.1%} (standard deviation / mean)"),
        ("since enrolment", f"{test['drift']:+.1%}"),
    ]
    return [*pairs, *([("remark", test["remark"])] if test["remark"] else [])]
