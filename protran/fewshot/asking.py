"""Asks a device for its probes, one after another; each answer is in the ledger before the next one is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, JobResult, ProfileJob
from device_agents.fleet.inline import InlineDispatcher
from device_agents.fleet.opening import DispatcherKind, open_dispatcher
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest
from device_agents.simulated import SimulatedAgent
from device_agents.simulated_devices import is_simulated
from protran.campaign.answers import measurement_of
from protran.campaign.attempts import MOST_ATTEMPTS, attempt_at
from protran.campaign.execute import ATTEMPTS, COOLING_S, POLL_S
from protran.devices import LOCAL, identity_of
from protran.ledger.ledger import Ledger
from protran.profiling import LIMITS, PATIENCE_S
from protran.sensors import local_meter

Observer = Callable[[int], None]
"""Is told how many probes are done."""


@dataclass(frozen=True)
class Answer:
    """What became of one probe.

    Attributes:
        request: as it was asked first.
        measurement: the last answer; None where the device was lost with it, twice: nothing is known of it then.
        known: the answer was in the ledger before.
        reason: why there is no answer.
    """

    request: ProfileRequest
    measurement: Measurement | None
    known: bool = False
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it holds values."""
        return self.measurement is not None and self.measurement.status is MeasurementStatus.OK


def open_device(name: str, ledger: Ledger) -> Dispatcher:
    """Returns the dispatcher of one device, as a campaign opens it: this machine keeps its reference latency.

    Raises:
        InputError: the device is not known, or not ready.
        DeviceError: it cannot be reached.
    """
    if is_simulated(name):
        return InlineDispatcher({name: SimulatedAgent(name)})
    if name == LOCAL:
        known = ledger.device(identity_of(LOCAL))
        reference = {"reference": dict(known.reference)} if known is not None and known.reference else {}
        options = {**reference, "meter": local_meter().to_json()}
        return open_dispatcher(DispatcherKind.INLINE, [LOCAL], device_name=LOCAL, agent_options=options)
    return open_dispatcher(devices=[name], patience_s=PATIENCE_S)


class Asking:
    """Asks one device. To be used in a ``with`` statement; the device is opened when there is something to ask.

    Args:
        ledger: where answers are recorded.
        device: the device's name.
        observer: is told how many probes are done.
        opening: opens the device.
        sleep: waits so many seconds, for a device to cool.
    """

    def __init__(
        self,
        ledger: Ledger,
        device: str,
        observer: Observer | None = None,
        *,
        opening: Callable[[str, Ledger], Dispatcher] = open_device,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._device = device
        self._told = observer or (lambda done: None)
        self._opening = opening
        self._sleep = sleep
        self._dispatcher: Dispatcher | None = None
        self._introduced = False

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *what: object) -> None:
        if self._dispatcher is not None:
            self._dispatcher.close()

    def ask(self, requests: Sequence[ProfileRequest]) -> list[Answer]:
        """Returns an answer to each request: that in the ledger, or a new one, which is then recorded.

        What was rejected is measured again after everything else, as a campaign does; a failure stands.

        Raises:
            DeviceError: the device is away, or every probe that was asked was lost with it. What was measured is kept.
            LedgerError: an answer cannot be recorded.
        """
        answers: dict[str, Answer] = {}
        waiting = list(requests)
        for attempt in range(MOST_ATTEMPTS):
            if attempt and any(not answers[request.request_id].known for request in waiting):
                self._sleep(COOLING_S)
            for request in waiting:
                answers[request.request_id] = self._one(request, attempt)
                self._told(len(answers))
            waiting = [request for request in waiting if _rejected(answers[request.request_id])]
        found = [answers[request.request_id] for request in requests]
        asked = [answer for answer in found if not answer.known]
        if asked and all(answer.measurement is None for answer in asked):
            raise DeviceError(f"{self._device} answers nothing: {asked[-1].reason}; mend that and repeat the command")
        return found

    def _one(self, request: ProfileRequest, attempt: int) -> Answer:
        numbered = attempt_at(request, attempt)
        known = self._ledger.measurement(numbered.request_id)
        if known is not None:
            return Answer(request, known, known=True)
        result = self._result(numbered)
        if result.lost:
            return Answer(request, None, reason=result.failure or "the worker was lost")
        measurement = measurement_of(numbered, result)
        self._introduce()
        self._ledger.record_measurement(numbered, measurement)
        return Answer(request, measurement)

    def _result(self, request: ProfileRequest) -> JobResult:
        """Returns the result of a job, tried again where it was lost; raises where the device is away."""
        if self._dispatcher is None:
            self._dispatcher = self._opening(self._device, self._ledger)
        job = ProfileJob(request, LIMITS, asker=f"few-shot {self._ledger.place.identity}")
        for attempt in range(1, ATTEMPTS + 1):
            result = _result(self._dispatcher, job)
            if result.gone:
                raise DeviceError(f"{result.failure}; what was measured is kept: repeat the command to go on")
            if not result.lost or attempt == ATTEMPTS:
                break
        return result

    def _introduce(self) -> None:
        """Records the device before its first answer, with its reference latency once that is known."""
        if self._introduced or self._dispatcher is None:
            return
        for info in self._dispatcher.devices():
            if info.name == self._device and info.facts.get("reference"):
                self._ledger.put_device(info, info.facts["reference"])
                self._introduced = True


def _result(dispatcher: Dispatcher, job: ProfileJob) -> JobResult:
    """Returns the result of a job, however long that takes."""
    dispatcher.submit(job)
    while True:
        result = dispatcher.next_result(POLL_S)
        if result is not None and result.job_id == job.job_id:
            return result


def _rejected(answer: Answer) -> bool:
    return answer.measurement is not None and answer.measurement.status is MeasurementStatus.REJECTED


def answers_to_json(answers: Sequence[Answer]) -> dict[str, Any]:
    """Returns how many candidates were chosen, measured and known before, and what became of each."""
    return {
        "chosen": len(answers),
        "measured": sum(answer.ok for answer in answers),
        "known_before": sum(answer.known for answer in answers),
        "rows": [_probe(answer) for answer in answers],
    }


def _probe(answer: Answer) -> dict[str, Any]:
    measurement = answer.measurement
    return {
        "key": answer.request.candidate.key,
        **answer.request.candidate.to_json(),
        "status": "lost" if measurement is None else measurement.status.value,
        "reason": answer.reason if measurement is None else measurement.reason,
        "known_before": answer.known,
        "values": {} if measurement is None else {name: value.to_json() for name, value in measurement.values.items()},
    }
