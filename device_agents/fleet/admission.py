"""Proves that a device works before it is ready: run by the controller as a process of its own.

``python -m device_agents.fleet.admission FOLDER NAME [--full]`` connects to the fleet, waits for the device's node,
asks its agent for a sign of life and, in full, has it measure the reference model three times. It prints one JSON
object: what is to be recorded of the device, with a `reason` where it is not ready.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.device_actor import device_actor
from device_agents.fleet.fleet_session import FleetSession, fleet_place
from device_agents.fleet.fleet_view import FleetView
from device_agents.fleet.ray_actor import one_line
from device_agents.fleet.registry import Enrolled, enrolled_devices
from device_agents.reference import ReferenceLatency

NODE_S = 15.0
PAUSE_S = 0.2
CANARY_S = 20.0
SELF_TEST_S = 600.0
RUNS = 3
UNSTEADY_WITHIN = 0.1
"""A device whose runs of the reference differ by more, from each other or from those of its enrolment, is ready all the
same: profiles are paired with the reference. But it is said."""


def admit(folder: Path, name: str, *, full: bool) -> dict[str, Any]:
    """Returns what is to be recorded of a device, with a `reason` where it is not ready.

    Raises:
        DeviceError: the fleet's Ray cannot be reached.
    """
    device = enrolled_devices(folder)[name]
    session = FleetSession(fleet_place(folder))
    try:
        return _proven(session.ray, device, full=full)
    except session.ray.exceptions.GetTimeoutError:
        return {"reason": f"the agent on {name} does not answer in time; look at the device's load and memory"}
    except session.ray.exceptions.RayError as error:
        return {"reason": f"the agent on {name} fails: {one_line(error)}"}
    finally:
        session.close()


def _proven(ray: Any, device: Enrolled, *, full: bool) -> dict[str, Any]:
    deadline_s = time.monotonic() + NODE_S
    view = FleetView(ray)
    while True:
        if device.name in view.alive():
            actor = device_actor(ray, device)
            try:
                state = json.loads(ray.get(actor.state.remote(), timeout=CANARY_S))
                break
            except ray.exceptions.RayActorError:  # of the device's last life: Ray forgets it within seconds
                if time.monotonic() > deadline_s:
                    raise
            except ray.exceptions.GetTimeoutError:  # Ray learns late of a node that has just gone
                if device.name in view.alive():
                    raise
        elif time.monotonic() > deadline_s:
            return {
                "reason": f"the node of {device.name} did not appear within {NODE_S:g} s; see the log on the device"
            }
        time.sleep(PAUSE_S)
    found: dict[str, Any] = {"boot": state["boot"]}
    if full:
        found |= tested(json.loads(ray.get(actor.self_test.remote(RUNS), timeout=SELF_TEST_S)), device.reference)
    return found


def tested(answer: dict[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns what is recorded of a self-test.

    The reference latency is that of the device's enrolment for ever, so that all its seconds have one scale.

    Args:
        answer: what `FleetDeviceWorker.self_test` returned.
        known: JSON object of the reference latency of an earlier self-test.
    """
    runs = [ReferenceLatency.from_json(run) for run in answer["references"]]
    latencies = [run.latency_s for run in runs]
    median = runs[len(runs) // 2]
    spread = statistics.stdev(latencies) / statistics.mean(latencies) if len(runs) > 1 else 0.0
    drift = median.latency_s / ReferenceLatency.from_json(known).latency_s - 1 if known else 0.0
    remarks = []
    if spread > UNSTEADY_WITHIN:
        remarks.append(
            f"the reference model's runs differ by {spread:.0%}: others use the machine, or its clock changes"
        )
    if abs(drift) > UNSTEADY_WITHIN:
        remarks.append(
            f"the reference model takes {1 + drift:.0%} of what it took at enrolment: look at governor and cooling"
        )
    return {
        "facts": answer["info"]["facts"],
        "reference": dict(known) if known else median.to_json(),
        "self_test": {
            "reference_latency_s": latencies,
            "relative_spread": spread,
            "drift": drift,
            "remark": "; ".join(remarks),
        },
    }


def main(arguments: list[str]) -> int:
    """Runs the entry; see the module's text."""
    folder, name = Path(arguments[0]), arguments[1]
    try:
        found = admit(folder, name, full="--full" in arguments[2:])
    except DeviceError as error:
        found = {"reason": str(error)}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
