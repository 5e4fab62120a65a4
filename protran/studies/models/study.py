"""Runs a study: trainings, their forms' scores, then timings; each finished piece is on disk before the next begins."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from device_agents.isolation import WarmProcess
from protran.studies.errors import StudyError
from protran.studies.models.energy import Metering, NoSensor
from protran.studies.models.entrants import Entrant
from protran.studies.models.forms import Form, FormFiles
from protran.studies.models.logs import StudyLogs
from protran.studies.models.pending import Pending
from protran.studies.models.pieces import Measure, rest_form, score_form, time_form, train_entrant
from protran.studies.models.plan import ModelsPlan, Point
from protran.studies.models.resting import ENTRY
from protran.studies.models.rows import FAILED, OK, RestingRow, ScoreRow, TimingRow, TrainingRow
from protran.studies.progress import Observer, Pace

Resting = Callable[[Mapping[str, Any]], dict[str, Any]]
R = TypeVar("R")
FORMS_PREFIX = "forms-"


@contextmanager
def resting_process() -> Iterator[Resting]:
    """Gives what asks the process of `resting` for the memory of one form."""
    with WarmProcess(ENTRY) as process:
        yield process.call


@dataclass(frozen=True)
class Means:
    """What a study works with.

    Attributes:
        measure: answers how long one call of a model takes.
        resting: answers how much memory a loaded form takes.
        metering: reads this machine's energy during trainings and scorings.
        observer: is told of every finished piece; None tells nobody.
    """

    measure: Measure
    resting: Resting
    metering: Metering = NoSensor
    observer: Observer | None = field(default=None)


class ModelsStudy:
    """One run of a study in its folder; an earlier run's rows are kept and not made again.

    Args:
        plan: what is done.
        entrants: its models, made ready.
        folder: of the rows and the weights.
        means: what it works with.
    """

    def __init__(self, plan: ModelsPlan, entrants: tuple[Entrant, ...], folder: Path, means: Means) -> None:
        self._plan, self._entrants, self._folder, self._means = plan, entrants, folder, means

    def run(self) -> None:
        """Does what is left to do. A model that fails is rows with a reason, and the study goes on.

        Raises:
            StudyError: the folder cannot be written, or the weights in it are damaged.
            InputError: another process runs this study, or a file of it is damaged.
        """
        with StudyLogs(self._folder) as logs:
            _remove_halves(self._folder)
            pending = Pending(self._plan, self._entrants, logs)
            pace = Pace(pending.total, pending.total - len(pending), self._means.observer)
            for repeat in range(max(entrant.repeats for entrant in self._entrants)):
                for entrant in self._entrants:
                    if repeat < entrant.repeats:
                        self._train(entrant, repeat, pending, pace)
                        self._score(entrant, repeat, pending, pace)
            for entrant in self._entrants:
                for form in self._plan.forms:
                    for point in pending.points(entrant, form):
                        self._time(entrant, form, point, logs)
                        pace.finished(_words(entrant, form, f"length {point.length}, batch {point.batch}"))

    def _train(self, entrant: Entrant, repeat: int, pending: Pending, pace: Pace) -> None:
        if pending.training(entrant, repeat) is not None:
            return
        seed = self._plan.seed + repeat
        facts: dict[str, Any] = {"model": entrant.contestant.name, "key": entrant.key, "repeat": repeat, "seed": seed}
        path = entrant.weights_path(self._folder, repeat)
        row = _attempt(
            lambda: TrainingRow(**facts, status=OK, **train_entrant(entrant, seed, path, self._means.metering)),
            lambda reason: TrainingRow(**facts, status=FAILED, reason=reason),
        )
        pending.logs.trainings.append(row)
        pace.finished(f"training of {entrant.contestant.headline}, repeat {repeat + 1}")

    def _score(self, entrant: Entrant, repeat: int, pending: Pending, pace: Pace) -> None:
        forms, resting = pending.forms(entrant, repeat), pending.resting(entrant) if repeat == 0 else []
        training = pending.training(entrant, repeat)
        if training is None or not (forms or resting):
            return
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=FORMS_PREFIX) as folder:
            files = FormFiles(
                entrant.weights_path(self._folder, repeat),
                entrant.contestant.architecture,
                entrant.input_spec,
                entrant.calibration(),
                Path(folder),
            )
            for form in forms:
                pending.logs.scores.append(self._scored(entrant, repeat, form, files, training))
                pace.finished(_words(entrant, form, f"scores, repeat {repeat + 1}"))
            for form in resting:
                pending.logs.resting.append(self._rested(entrant, form, files, training))
                pace.finished(_words(entrant, form, "memory at rest"))

    def _scored(self, entrant: Entrant, repeat: int, form: Form, files: FormFiles, training: TrainingRow) -> ScoreRow:
        facts: dict[str, Any] = {
            "model": entrant.contestant.name,
            "key": entrant.key,
            "repeat": repeat,
            "form": form.name,
        }
        if training.status != OK:
            return ScoreRow(**facts, status=FAILED, reason=f"not trained: {training.reason}")
        scored = partial(score_form, entrant, form, files, training.threshold, self._means.metering)
        return _attempt(
            lambda: ScoreRow(**facts, status=OK, **scored()),
            lambda reason: ScoreRow(**facts, status=FAILED, reason=reason),
        )

    def _rested(self, entrant: Entrant, form: Form, files: FormFiles, training: TrainingRow) -> RestingRow:
        facts: dict[str, Any] = {"model": entrant.contestant.name, "key": entrant.key, "form": form.name}
        if training.status != OK:
            return RestingRow(**facts, status=FAILED, reason=f"not trained: {training.reason}")
        return _attempt(
            lambda: RestingRow(**facts, status=OK, **rest_form(entrant, form, files, self._means.resting)),
            lambda reason: RestingRow(**facts, status=FAILED, reason=reason),
        )

    def _time(self, entrant: Entrant, form: Form, point: Point, logs: StudyLogs) -> None:
        facts: dict[str, Any] = {"model": entrant.contestant.name, "key": entrant.key, "form": form.name}
        facts |= {"length": point.length, "batch": point.batch}
        row = _attempt(
            lambda: TimingRow(**facts, **time_form(entrant, form, point, self._means.measure)),
            lambda reason: TimingRow(**facts, status=FAILED, reason=reason),
        )
        logs.timings.append(row)


def _remove_halves(folder: Path) -> None:
    """Removes what a killed run left half-written; no other run works here, as the logs are ours."""
    for forms in folder.glob(f"{FORMS_PREFIX}*"):
        shutil.rmtree(forms, ignore_errors=True)
    for partial_weights in (folder / "weights").glob("*.partial"):
        partial_weights.unlink(missing_ok=True)


def _attempt(make: Callable[[], R], failed: Callable[[str], R]) -> R:
    """Returns what `make` returns, or a failed row with the reason where it raises."""
    try:
        return make()
    except StudyError:  # of the study itself, not of this model
        raise
    except Exception as error:  # a failure is a row
        return failed(" ".join(str(error).split())[:300] or type(error).__name__)


def _words(entrant: Entrant, form: Form, what: str) -> str:
    return f"{entrant.contestant.headline}, {form.name}: {what}"
