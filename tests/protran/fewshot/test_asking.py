from __future__ import annotations

from collections.abc import Callable

import pytest

from device_agents.device import DeviceInfo
from device_agents.errors import DeviceError
from device_agents.fleet.base import Dispatcher, Job, JobResult, ProfileJob
from device_agents.fleet.inline import InlineDispatcher
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.campaign.attempts import attempt_at
from protran.fewshot.asking import Asking, open_device
from protran.ledger.ledger import Ledger
from search_spaces.candidate import Candidate
from search_spaces.presets import BERT_INPUT

IDENTITY = "board-1"


class FakeDispatcher(Dispatcher):
    """Answers every job; what is in `becomes`, by the number of the job, becomes something else."""

    def __init__(self, becomes: dict[int, str] | None = None) -> None:
        self.jobs: list[ProfileJob] = []
        self.becomes = becomes or {}
        self.closed = 0

    def devices(self) -> tuple[DeviceInfo, ...]:
        return (DeviceInfo("board", IDENTITY, "ready", {"reference": {"latency_s": 0.01}} if self.jobs else {}),)

    def submit(self, job: Job) -> None:
        assert isinstance(job, ProfileJob)
        self.jobs.append(job)

    def next_result(self, timeout_s: float) -> JobResult | None:
        job, what = self.jobs[-1], self.becomes.get(len(self.jobs) - 1, "ok")
        if what in ("lost", "gone"):
            return JobResult(job.job_id, failure=f"{what}: the board is away", lost=True, gone=what == "gone")
        if what == "interrupt":
            raise KeyboardInterrupt
        if what == "crash":
            return JobResult(job.job_id, failure="it crashed")
        status = MeasurementStatus(what)
        values = {"latency_s": Value(0.1, 0.01, Provenance.MEASURED_COUNTER)}
        measurement = Measurement(job.job_id, IDENTITY, status, values, reason="" if what == "ok" else "it throttled")
        return JobResult(job.job_id, measurement=measurement)

    def pending(self) -> int:
        return 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def requests(candidates: list[Candidate]) -> list[ProfileRequest]:
    return [ProfileRequest(candidate, BERT_INPUT, Workload(), IDENTITY) for candidate in candidates[:3]]


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def asking(ledger: Ledger, slept: list[float]) -> Callable[..., Asking]:
    def make(dispatcher: FakeDispatcher, told: list[int] | None = None) -> Asking:
        observer = None if told is None else told.append
        return Asking(ledger, "board", observer, opening=lambda name, ledger: dispatcher, sleep=slept.append)

    return make


Make = Callable[..., Asking]


def test_answers_come_in_the_order_of_the_requests_and_are_in_the_ledger(
    ledger: Ledger, requests: list[ProfileRequest], asking: Make
) -> None:
    dispatcher, told = FakeDispatcher(), list[int]()
    with asking(dispatcher, told) as board:
        answers = board.ask(requests)
    assert [answer.request for answer in answers] == requests
    assert [answer.measurement for answer in answers] == [ledger.measurement(item.request_id) for item in requests]
    assert (told, dispatcher.closed) == ([1, 2, 3], 1)


def test_what_the_ledger_knows_is_not_asked_and_the_device_not_opened(
    requests: list[ProfileRequest], asking: Make
) -> None:
    with asking(FakeDispatcher()) as board:
        board.ask(requests)
    again = FakeDispatcher()
    with asking(again) as board:
        answers = board.ask(requests)
    assert all(answer.known and answer.ok for answer in answers)
    assert (again.jobs, again.closed) == ([], 0)


def test_after_an_interrupt_only_the_rest_is_asked(requests: list[ProfileRequest], asking: Make) -> None:
    interrupted = FakeDispatcher({1: "interrupt"})
    with pytest.raises(KeyboardInterrupt), asking(interrupted) as board:
        board.ask(requests)
    assert interrupted.closed == 1
    resumed = FakeDispatcher()
    with asking(resumed) as board:
        answers = board.ask(requests)
    assert [job.request for job in resumed.jobs] == requests[1:]
    assert [answer.known for answer in answers] == [True, False, False]


def test_a_rejected_measurement_is_made_again_after_the_others_when_the_device_has_cooled(
    ledger: Ledger, requests: list[ProfileRequest], asking: Make, slept: list[float]
) -> None:
    dispatcher = FakeDispatcher({0: "rejected"})
    with asking(dispatcher) as board:
        answers = board.ask(requests)
    assert all(answer.ok for answer in answers)
    assert [job.request for job in dispatcher.jobs] == [*requests, attempt_at(requests[0], 1)]
    assert slept == [30.0]
    first = ledger.measurement(requests[0].request_id)
    assert first is not None
    assert first.status is MeasurementStatus.REJECTED


def test_what_was_rejected_three_times_has_no_value(
    requests: list[ProfileRequest], asking: Make, slept: list[float]
) -> None:
    for known in (False, True):
        dispatcher = FakeDispatcher(dict.fromkeys(range(3), "rejected"))
        with asking(dispatcher) as board:
            (answer,) = board.ask(requests[:1])
        assert (answer.ok, answer.known, len(dispatcher.jobs)) == (False, known, 0 if known else 3)
    assert slept == [30.0, 30.0]  # known rejections are not waited for


def test_a_failure_stands_and_is_recorded(ledger: Ledger, requests: list[ProfileRequest], asking: Make) -> None:
    with asking(FakeDispatcher({1: "crash"})) as board:
        answers = board.ask(requests)
    assert [answer.ok for answer in answers] == [True, False, True]
    stands = ledger.measurement(requests[1].request_id)
    assert stands is not None
    assert (stands.status, stands.reason) == (MeasurementStatus.FAILED, "it crashed")


def test_a_probe_that_was_lost_once_is_tried_again(requests: list[ProfileRequest], asking: Make) -> None:
    with asking(FakeDispatcher({0: "lost"})) as board:
        assert all(answer.ok for answer in board.ask(requests))


def test_a_probe_that_was_lost_twice_is_left_out_and_nothing_recorded_of_it(
    ledger: Ledger, requests: list[ProfileRequest], asking: Make
) -> None:
    with asking(FakeDispatcher({0: "lost", 1: "lost"})) as board:
        first, *rest = board.ask(requests)
    assert (first.measurement, first.reason) == (None, "lost: the board is away")
    assert all(answer.ok for answer in rest)
    assert ledger.measurement(requests[0].request_id) is None


def test_a_device_that_answers_nothing_is_an_error(requests: list[ProfileRequest], asking: Make) -> None:
    dispatcher = FakeDispatcher(dict.fromkeys(range(6), "lost"))
    with asking(dispatcher) as board, pytest.raises(DeviceError, match="board answers nothing: lost"):
        board.ask(requests)


def test_a_device_that_is_gone_ends_it_and_what_was_measured_is_kept(
    ledger: Ledger, requests: list[ProfileRequest], asking: Make
) -> None:
    with asking(FakeDispatcher({1: "gone"})) as board, pytest.raises(DeviceError, match="what was measured is kept"):
        board.ask(requests)
    assert ledger.measurement(requests[0].request_id) is not None


def test_the_device_is_recorded_with_its_reference(
    ledger: Ledger, requests: list[ProfileRequest], asking: Make
) -> None:
    with asking(FakeDispatcher()) as board:
        board.ask(requests)
    (device,) = ledger.devices()
    assert (device.name, device.identity, device.reference) == ("board", IDENTITY, {"latency_s": 0.01})


def test_this_machine_keeps_the_reference_latency_that_the_ledger_knows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from device_agents.environment import device_identity

    opened: dict[str, object] = {}

    def opening(*arguments: object, **options: object) -> FakeDispatcher:
        opened.update(options)
        return FakeDispatcher()

    monkeypatch.setattr("protran.fewshot.asking.open_dispatcher", opening)
    ledger.put_device(DeviceInfo("local", device_identity(), "ready"), {"latency_s": 0.02})
    open_device("local", ledger)
    options = opened["agent_options"]
    assert isinstance(options, dict)
    assert options["reference"] == {"latency_s": 0.02}
    assert "meter" in options


def test_a_device_of_the_fleet_is_asked_through_its_controller(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, object] = {}
    monkeypatch.setattr(
        "protran.fewshot.asking.open_dispatcher", lambda **options: opened.update(options) or FakeDispatcher()
    )
    open_device("pi5", ledger)
    assert opened["devices"] == ["pi5"]


def test_a_simulated_device_needs_nothing(ledger: Ledger) -> None:
    dispatcher = open_device("sim:rpi4", ledger)
    assert isinstance(dispatcher, InlineDispatcher)
    assert [info.name for info in dispatcher.devices()] == ["sim:rpi4"]
    dispatcher.close()
