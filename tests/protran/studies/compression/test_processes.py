"""Jobs side by side on real processes."""

from __future__ import annotations

import signal
import threading

import pytest

from device_agents.errors import DeviceError
from protran.studies.compression.processes import Workers


class Counting:
    """Answers with its own number after all others have begun as well."""

    def __init__(self, number: int, together: threading.Barrier) -> None:
        self.number, self.closed, self._together = number, False, together

    def call(self, payload, limits=None):
        self._together.wait(10)
        return {"by": self.number, "place": payload["place"]}

    def close(self) -> None:
        self.closed = True


def test_jobs_run_side_by_side_and_each_answer_is_that_of_its_job() -> None:
    together = threading.Barrier(2)
    processes = [Counting(number, together) for number in range(2)]
    with Workers(processes) as workers:
        answers = dict(workers.answers([{"place": place} for place in range(4)]))
    assert [answers[place]["place"] for place in range(4)] == [0, 1, 2, 3]
    assert {answer["by"] for answer in answers.values()} == {0, 1}
    assert all(process.closed for process in processes)


@pytest.fixture
def interruptible():
    """What a program in the background of a script was told to ignore is heard here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_jobs_that_are_at_work() -> None:
    began, main = threading.Event(), threading.get_ident()

    class Endless:
        def __init__(self) -> None:
            self._ended = threading.Event()

        def call(self, payload, limits=None):
            began.set()
            assert self._ended.wait(10)
            raise DeviceError("closed")

        def close(self) -> None:
            self._ended.set()

    def interrupted() -> None:
        with Workers([Endless()]) as workers:
            answers = workers.answers([{}, {}])
            threading.Thread(target=lambda: (began.wait(10), signal.pthread_kill(main, signal.SIGINT))).start()
            next(answers)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
