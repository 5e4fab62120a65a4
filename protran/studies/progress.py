"""How far a study is: one event after each finished piece of work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Observer = Callable[["StudyStep"], None]


@dataclass(frozen=True)
class StudyStep:
    """A finished piece of work.

    Attributes:
        done: pieces that are done, those of earlier starts too.
        total: all pieces of the study.
        what: the piece, for people.
        left_s: seconds that the rest will take, from the pace of this process; None where nothing is known yet.
    """

    done: int
    total: int
    what: str
    left_s: float | None


class Pace:
    """Tells an observer of each finished piece, with the time that is left.

    Args:
        total: all pieces of the study.
        done: pieces that earlier starts did.
        observer: is told; None tells nobody.
        clock: seconds.
    """

    def __init__(
        self, total: int, done: int, observer: Observer | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._before, self._done = total, done, done
        self._observer, self._clock, self._began_s = observer, clock, clock()

    def finished(self, what: str) -> None:
        """Counts one piece."""
        self._done += 1
        here = self._done - self._before
        left_s = (self._clock() - self._began_s) / here * max(0, self._total - self._done)
        if self._observer is not None:
            self._observer(StudyStep(self._done, self._total, what, left_s))
