"""How far the study is: its pieces differ in length, so time left goes by what each was expected to take."""

from __future__ import annotations

import time
from collections.abc import Callable

from protran.studies.progress import Observer, StudyStep


class CostPace:
    """Tells an observer of each finished piece, with the time that is left.

    Args:
        left: expected seconds of each piece that is not done yet; only their proportions must hold.
        done: pieces that earlier starts did.
        observer: is told; None tells nobody.
        clock: seconds.
    """

    def __init__(
        self, left: list[float], done: int, observer: Observer | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._done = done + len(left), done
        self._left, self._spent = sum(left), 0.0
        self._observer, self._clock, self._began_s = observer, clock, clock()

    def finished(self, what: str, expected_s: float) -> None:
        """Counts one piece, which was expected to take so long."""
        self._done += 1
        self._left, self._spent = max(0.0, self._left - expected_s), self._spent + expected_s
        left_s = (self._clock() - self._began_s) / self._spent * self._left if self._spent else None
        if self._observer is not None:
            self._observer(StudyStep(self._done, self._total, what, left_s))
