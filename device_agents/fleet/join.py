"""A device's side of a fleet: knocks, joins, says that it is well, and joins again whenever something died."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.applicant import Applicant
from device_agents.fleet.attendance import HELLO_S, REMOVED
from device_agents.fleet.device_worker import STATE_VARIABLE
from device_agents.fleet.folder import read_object
from device_agents.fleet.handshake import Endpoint, GateClosed, ask
from device_agents.fleet.lock import locked
from device_agents.fleet.processes import ChildProcess
from device_agents.fleet.ray_folder import fresh_ray_folder, purpose_lock
from device_agents.fleet.ray_nodes import start_device_node
from device_agents.fleet.ray_settings import device_environment
from device_agents.fleet.reach import answering
from device_agents.health import device_health

ADMISSION_S = 720.0
AGAIN_S = 3.0
"""Between attempts to come back."""
FAREWELL_S = 5.0
STATE_FILE = "state.json"

Say = Callable[[str], None]


class Refused(DeviceError):
    """The controller does not let the device in; `failures` are sentences."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__("\n".join(failures))
        self.failures = failures


@dataclass(frozen=True)
class Joining:
    """What a device joins with.

    Attributes:
        gate: the controller.
        token: file of the fleet's secret.
        applicant: the device.
    """

    gate: Endpoint
    token: Path
    applicant: Applicant


class Joiner:
    """Keeps one device in its fleet.

    Args:
        joining: what it joins with.
        say: is told what happens, one line at a time.
        again_s: how long to wait between attempts to come back.
    """

    def __init__(self, joining: Joining, say: Say, *, again_s: float = AGAIN_S) -> None:
        self._joining = joining
        self._say = say
        self._again_s = again_s
        self._stopping = threading.Event()
        self._node: ChildProcess | None = None
        self._purpose = f"device {joining.applicant.name}"
        self._folder = Path()
        self._said = ""

    def stop(self) -> None:
        """Asks `run` to return."""
        self._stopping.set()

    def run(self, *, once: bool = False) -> None:
        """Joins, and returns when it was asked to end.

        Args:
            once: whether to return, and leave, as soon as the device is ready; for a trial.

        Raises:
            Refused: something keeps the device out, or it was removed from the fleet.
            DeviceError: the controller does not answer at the first attempt, or another process joined under this name.
        """
        name = self._joining.applicant.name
        with locked(
            purpose_lock(self._purpose), f"another process of this machine has joined as {name!r}; end it first"
        ):
            try:
                self._come_in()
                while not (once or self._stopping.wait(HELLO_S)):
                    self._attend()
            finally:
                self._leave()

    def _come_in(self) -> None:
        ray_port = preflight(self._joining)
        self._say("preflight passed; starting the node")
        self._folder = fresh_ray_folder(self._purpose)
        self._node = self._started_node(ray_port)
        answer = self._ask("admit", answer_s=ADMISSION_S)
        if answer["state"] == "refused":
            self._leave()
            raise Refused([answer["reason"]])
        self._say(f"ready{_remark(answer)}")

    def _started_node(self, ray_port: int) -> ChildProcess:
        joining, applicant = self._joining, self._joining.applicant
        environment = device_environment(joining.token.absolute(), joining.gate.tls)
        environment[STATE_VARIABLE] = str(self._folder / STATE_FILE)
        controller = f"{joining.gate.host}:{ray_port}"
        return start_device_node(
            applicant.name, controller, applicant.address, applicant.ports, self._folder, environment
        )

    def _attend(self) -> None:
        """Says that the device is well; where it is not, brings it back."""
        if self._node is None or not self._node.alive():
            words = self._node.last_words() if self._node is not None else "it was away"
            self._come_back(f"the node ended ({words})")
            return
        try:
            answer = self._ask("hello", health=self._health())
        except GateClosed:
            self._say_once("the controller does not answer; waiting for it")
        except DeviceError as error:  # a controller that is overloaded or half ended: it will answer again
            self._say_once(f"{error}; waiting for it")
        else:
            self._said = ""
            if answer["state"] == REMOVED:
                self._end_node()
                raise Refused(
                    [f"{self._joining.applicant.name!r} was removed from this fleet; join again to come back"]
                )

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._say(text)

    def _come_back(self, reason: str) -> None:
        """Tries until it is in again: what let it in once will do so again, or needs a person who removes it."""
        self._say(f"{reason}; joining again")
        while not self._stopping.is_set():
            self._leave()  # else the controller takes this device for one that is well, and refuses a second one
            try:
                self._come_in()
            except DeviceError as error:
                self._say_once(f"not yet: {'; '.join(str(error).splitlines())}")
                self._stopping.wait(self._again_s)
            else:
                self._said = ""
                return

    def _health(self) -> dict[str, Any]:
        health = device_health()
        try:
            doing = read_object(self._folder / STATE_FILE) or {}
        except DeviceError:
            doing = {}
        return {**health, **doing}

    def _ask(self, verb: str, *, answer_s: float = 20.0, **body: Any) -> dict[str, Any]:
        applicant = self._joining.applicant
        about = {"name": applicant.name, "identity": applicant.identity, **body}
        return ask(self._joining.gate, verb, about, answer_s=answer_s)

    def _leave(self) -> None:
        if self._node is None:
            return
        with contextlib.suppress(DeviceError):  # whoever is gone needs no goodbye
            self._ask("leave", answer_s=2.0)
        self._end_node()

    def _end_node(self) -> None:
        if self._node is not None:
            self._node.end(FAREWELL_S)
            self._node = None


def preflight(joining: Joining) -> int:
    """Checks all that can keep the device out, and returns the port of the controller's Ray.

    Raises:
        Refused: one sentence for each thing that is wrong.
        DeviceError: the controller does not answer, or the token is wrong.
    """
    applicant = joining.applicant
    failures = applicant.shortages()
    with answering(applicant.address, applicant.ports.first) as word:
        body = {"device": applicant.to_json(), "clock_s": time.time(), "port": applicant.ports.first, "word": word}
        answer = ask(joining.gate, "preflight", json.loads(json.dumps(body)))
    failures += answer["failures"]
    if failures:
        raise Refused(failures)
    return int(answer["ray_port"])


def _remark(answer: dict[str, Any]) -> str:
    test = answer.get("self_test") or {}
    spread = (
        f": the reference model's runs agree within {test['relative_spread']:.1%}" if "relative_spread" in test else ""
    )
    return f"{spread}{'; ' + test['remark'] if test.get('remark') else ''}"
