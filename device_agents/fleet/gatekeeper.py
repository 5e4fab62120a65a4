"""What a controller answers at its gate: who may come in, who is well, who is there."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.attendance import REMOVED, Attendance
from device_agents.fleet.device_name import check_device_name
from device_agents.fleet.registry import Enrolled, Registry
from device_agents.fleet.software import differences, own_software

CLOCK_TOLERANCE_S = 60.0
AGENT_KINDS = ("local", "ssh")

Admit = Callable[[str, bool], Mapping[str, Any]]
"""Proves that a device works, by name, and if the second argument is true tests it in full."""
Reach = Callable[[str, int, str], str]
"""Returns why an address and a port cannot be reached, or nothing if the given secret word was read there."""


class Gatekeeper:
    """Decides and remembers.

    Args:
        registry: the devices.
        ray_port: port of Ray's state service.
        admit: runs a device's self-test.
        reach: proves the way back to a device.
        facts: what there is to say about the controller.
    """

    def __init__(
        self, registry: Registry, ray_port: int, *, admit: Admit, reach: Reach, facts: Mapping[str, Any]
    ) -> None:
        self._registry = registry
        self._ray_port = ray_port
        self._admit_device = admit
        self._reach = reach
        self._facts = dict(facts)
        self._attendance = Attendance()
        self._verbs: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "preflight": self._preflight,
            "admit": self._admit,
            "hello": self._hello,
            "leave": self._leave,
            "devices": lambda body: {"devices": self.devices()},
            "check": self._check,
            "remove": self._remove,
            "status": lambda body: {**self._facts, "devices": self.devices()},
        }

    def answer(self, verb: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the answer to one question. Raises `DeviceError` to refuse it."""
        if verb not in self._verbs:
            raise DeviceError(
                f"expected one of {', '.join(self._verbs)}, got {verb!r}; install the controller's ProTran"
            )
        return self._verbs[verb](body)

    def devices(self) -> list[dict[str, Any]]:
        """Returns every device with its state, as JSON objects."""
        return [self._attendance.described(device) for device in self._registry.all()]

    def _preflight(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = _applicant(body["device"])
        duplicates = self._duplicates(asked)
        failures = [
            *differences(asked.software, own_software()),
            *duplicates,
            *_clock(float(body["clock_s"])),
        ]
        unreachable = self._reach(asked.address, int(body["port"]), str(body["word"]))
        failures += [unreachable] if unreachable else []
        self._record(asked, failures, duplicate=bool(duplicates))
        return {"failures": failures, "ray_port": self._ray_port}

    def _record(self, asked: Enrolled, failures: list[str], *, duplicate: bool) -> None:
        """Writes an applicant down, but not over a device that is well or belongs to another machine."""
        known = self._registry.get(asked.name)
        another = known is not None and known.identity != asked.identity
        if duplicate and known is not None and (another or self._attendance.here(known)):
            return
        self._registry.put(_renewed(None if another else known, asked, failures))

    def _duplicates(self, asked: Enrolled) -> list[str]:
        known = self._registry.get(asked.name)
        if known is not None and known.identity != asked.identity and (known.admitted or self._attendance.here(known)):
            return [
                f"another device is called {asked.name!r} here ({known.address}); choose another --name, or run "
                f"`protran device remove {asked.name}` on the controller"
            ]
        other = self._registry.named(asked.identity)
        if other is not None and other != asked.name:
            return [
                f"this device is already enrolled as {other!r}; join under that name, or run `protran device remove "
                f"{other}` on the controller"
            ]
        if known is not None and self._attendance.here(known):
            return [f"{asked.name!r} has joined already and is well; stop the other `protran device join` first"]
        return []

    def _admit(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        device = self._known(body)
        full = not device.admitted or bool(body.get("full"))
        self._attendance.saw(device.name, {})
        tested = self._tested(device, full=full)
        self._attendance.saw(device.name, {})  # it waited for this answer, and could not say hello
        return self._attendance.described(tested)

    def _check(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        device = self._registry.get(str(body["name"]))
        if device is None:
            raise DeviceError(f"there is no device {body['name']!r}; see `protran device list`")
        return self._attendance.described(self._tested(device, full=True))

    def _tested(self, device: Enrolled, *, full: bool) -> Enrolled:
        found = dict(self._admit_device(device.name, full))
        reason = str(found.pop("reason", ""))
        seen = {} if reason else {"last_seen_at": _now()}
        tested = self._registry.revise(device, admitted=not reason, reason=reason, **seen, **found)
        if tested is None:
            raise DeviceError(f"{device.name!r} was removed while it was tested; join again")
        return tested

    def _hello(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        device = self._registry.get(str(body["name"]))
        if device is None or device.identity != body["identity"]:
            return {"state": REMOVED}
        if self._attendance.saw(device.name, dict(body.get("health") or {})):
            self._registry.revise(device, last_seen_at=_now())
        return {"state": self._attendance.described(device)["state"]}

    def _leave(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        device = self._known(body)
        self._attendance.left(device.name)
        self._registry.revise(device, last_seen_at=_now())
        return {}

    def _remove(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        name = str(body["name"])
        self._registry.remove(name)
        self._attendance.left(name)
        return {}

    def _known(self, body: Mapping[str, Any]) -> Enrolled:
        device = self._registry.get(str(body["name"]))
        if device is None or device.identity != body["identity"]:
            raise DeviceError(f"this fleet does not know the device {body['name']!r}: it was removed; join again")
        return device


def _applicant(payload: Mapping[str, Any]) -> Enrolled:
    asked = Enrolled.from_json(payload)
    check_device_name(asked.name)
    kind = asked.agent.get("kind")
    if kind not in AGENT_KINDS:
        raise DeviceError(f"expected an agent of kind {' or '.join(AGENT_KINDS)}, got {kind!r}")
    return asked


def _renewed(known: Enrolled | None, asked: Enrolled, failures: list[str]) -> Enrolled:
    """Returns what is recorded of an applicant: what its last self-test found stays, unless another machine asks."""
    device = known or Enrolled(asked.name, asked.identity, asked.address, enrolled_at=_now())
    same = known is not None and dict(known.software) == dict(asked.software) and dict(known.agent) == dict(asked.agent)
    return dataclasses.replace(
        device,
        address=asked.address,
        agent=asked.agent,
        software=asked.software,
        boot=asked.boot,
        admitted=same and device.admitted and not failures,
        reason="; ".join(failures),
        last_seen_at=_now(),
    )


def _clock(device_s: float) -> list[str]:
    ahead_s = device_s - time.time()
    if abs(ahead_s) <= CLOCK_TOLERANCE_S:
        return []
    direction = "ahead of" if ahead_s > 0 else "behind"
    return [
        f"the device's clock is {abs(ahead_s):.0f} s {direction} the controller's; set it, for example with "
        f"`timedatectl set-ntp true`"
    ]


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
