"""The files in which a study keeps what it has found."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from protran.studies.models.rows import RestingRow, ScoreRow, TimingRow, TrainingRow
from protran.studies.row_log import RowLog, read_log

TRAININGS, SCORES, RESTING, TIMINGS = "trainings.csv", "scores.csv", "resting.csv", "timings.csv"


class StudyLogs:
    """The four logs of a study, kept open by one process. To be used in a ``with`` statement."""

    def __init__(self, folder: Path) -> None:
        self.trainings = RowLog(TrainingRow, folder / TRAININGS)
        self.scores = RowLog(ScoreRow, folder / SCORES)
        self.resting = RowLog(RestingRow, folder / RESTING)
        self.timings = RowLog(TimingRow, folder / TIMINGS)
        self._stack = ExitStack()

    def __enter__(self) -> StudyLogs:
        with ExitStack() as stack:
            for log in (self.trainings, self.scores, self.resting, self.timings):
                stack.enter_context(log)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


@dataclass(frozen=True)
class StudyRows:
    """All rows of a study, as they are read from its files: figures have the digits that the files have."""

    trainings: tuple[TrainingRow, ...]
    scores: tuple[ScoreRow, ...]
    resting: tuple[RestingRow, ...]
    timings: tuple[TimingRow, ...]


def read_rows(folder: Path) -> StudyRows:
    """Returns what a study has found so far. Raises `InputError` where a file is damaged."""
    return StudyRows(
        tuple(read_log(TrainingRow, folder / TRAININGS)),
        tuple(read_log(ScoreRow, folder / SCORES)),
        tuple(read_log(RestingRow, folder / RESTING)),
        tuple(read_log(TimingRow, folder / TIMINGS)),
    )
