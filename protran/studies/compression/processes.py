"""Processes that answer the study's jobs side by side, each job in a fork of its own."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Protocol

from device_agents.isolation import FailureKind, JobFailed, Limits, WarmProcess
from protran.studies.compression.rows import FAILED
from protran.studies.errors import StudyError

ENTRY = "protran.studies.compression.worker"
LIMITS = Limits(time_s=24 * 3600.0)
"""Against a job that hangs; the slowest of an honest study is far below."""

POLL_S = 0.5
"""An interrupt that comes just before a wait begins is only seen when the wait ends."""


class Process(Protocol):
    """What answers one job at a time; `WarmProcess` is one."""

    def call(self, payload: Mapping[str, Any], limits: Limits | None = None) -> dict[str, Any]:
        """Returns the answer. Raises `JobFailed` where there is none."""

    def close(self) -> None:
        """Ends the process, and the job that it may run."""


class Workers:
    """So many processes. To be used in a ``with`` statement, whose end, also by an interrupt, ends them and their jobs.

    Args:
        processes: idle ones.
    """

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = list(processes)
        self._idle: queue.SimpleQueue[Process] = queue.SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(len(self._processes))

    @classmethod
    def of(cls, count: int) -> Workers:
        """Returns workers of so many warm processes, which start with their first jobs."""
        return cls([WarmProcess(ENTRY) for _ in range(count)])

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.close()
        self._threads.shutdown()

    def answers(self, payloads: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yields the place of each payload and its answer, as they come; a job that crashed is a failed one.

        Raises:
            StudyError: a process was lost, so that nothing is known of its job.
        """
        futures = {self._threads.submit(self._answer, payload): place for place, payload in enumerate(payloads)}
        left = set(futures)
        while left:
            done, left = wait(left, POLL_S, FIRST_COMPLETED)
            for future in sorted(done, key=_is_error):  # no answer is lost by an error
                yield futures[future], future.result()

    def _answer(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        process = self._idle.get()
        try:
            return process.call(payload, LIMITS)
        except JobFailed as failure:
            if failure.kind is FailureKind.LOST:
                raise StudyError(f"{failure.reason}; the same command continues where it stopped") from failure
            return {"status": FAILED, "reason": failure.reason}
        finally:
            self._idle.put(process)


def _is_error(future: Future[dict[str, Any]]) -> bool:
    return future.exception() is not None
