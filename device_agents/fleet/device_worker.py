"""What runs in a Ray actor on a device of the fleet; it outlives the campaigns that ask it."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from device_agents.agent import Agent
from device_agents.environment import boot_identity
from device_agents.errors import DeviceError
from device_agents.fleet.folder import write_object
from device_agents.fleet.outcome import outcome
from device_agents.fleet.ray_workers import DeviceWorker
from device_agents.fleet.wire import profile_job, result_text

STATE_VARIABLE = "PROTRAN_DEVICE_STATE"
"""Names the file in which the worker says what it does; the joiner reads it and tells the controller."""
REMEMBERED = 64
THREADS = 16
"""Calls at once: one profiles, the others wait for it or only ask how things are."""


class FleetDeviceWorker(DeviceWorker):
    """Owns the agent of one device, profiles one candidate at a time, and remembers the last answers.

    A campaign that was killed while it waited asks for the same request again, and gets the answer that it missed:
    nothing is measured twice.

    Args:
        factory: ``module:function`` that makes the agent.
        name: name of the device.
        options: JSON text of the factory's options.
    """

    def __init__(self, factory: str, name: str, options: str) -> None:
        super().__init__(factory, name, options)
        self._turn = threading.Lock()
        self._notes = threading.Lock()
        self._answers: collections.OrderedDict[tuple[str, str], str] = collections.OrderedDict()
        self._running: str | None = None
        self._waiting = 0

    def state(self) -> str:
        """Returns what it does now, and which start of the machine this is, as JSON text."""
        return json.dumps(
            {"boot": boot_identity(), "running": self._running, "waiting": self._waiting, "pid": os.getpid()}
        )

    def info(self) -> str:
        """Returns the device's information as JSON text."""
        with self._turn:
            return super().info()

    def self_test(self, runs: int) -> str:
        """Measures the reference model `runs` times, each as if it were the first; returns JSON text.

        Seconds of later profiles lean on what they leaned on before, or else on the median run.

        Returns:
            ``{"references": [ReferenceLatency, …], "info": DeviceInfo}``, the shortest latency first.
        """
        with self._alone("self-test"):
            agent = self._agent()
            if not isinstance(agent, Agent):
                raise DeviceError(f"expected an agent that calibrates, got {type(agent).__name__}")
            known = agent.reference
            found = sorted((agent.calibrate() for _ in range(runs)), key=lambda run: run.latency_s)
            agent.lean_on(known or found[runs // 2])
            return json.dumps({"references": [run.to_json() for run in found], "info": agent.info().to_json()})

    def run(self, text: str) -> str:
        """Returns the result of a profile job, both as JSON text."""
        job = profile_job(text)
        with self._alone(job.job_id):
            asked = (job.asker, job.job_id)
            if asked in self._answers:
                return self._answers[asked]
            result = outcome(job.job_id, lambda: self._profiled(job))
            answer = result_text(result)
            if job.asker and result.measurement is not None:
                self._remember(asked, answer)
            return answer

    def _remember(self, asked: tuple[str, str], answer: str) -> None:
        self._answers[asked] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    @contextlib.contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        self._note(+1, self._running)
        with self._turn:
            self._note(-1, what)
            try:
                yield
            finally:
                self._note(0, None)

    def _note(self, waiting: int, running: str | None) -> None:
        with self._notes:
            self._waiting += waiting
            self._running = running
            path = os.environ.get(STATE_VARIABLE)
            if path:
                with contextlib.suppress(DeviceError):  # a full disk shall not cost the profile
                    write_object(Path(path), {"running": self._running, "waiting": self._waiting})
