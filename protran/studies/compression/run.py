"""Runs the study: trainings, then scores, then timings with nothing beside them; each is a row on disk at once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from device_agents.meters.spec import MeterKind, MeterSpec
from protran.studies.compression.models import StudyModel
from protran.studies.compression.pace import CostPace
from protran.studies.compression.pending import TIMING_S, new_pace, score_s, training_s, untrained
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.processes import Workers
from protran.studies.compression.rows import BUSY, FAILED, OK, ScoreRow, StudyRows, TimingRow, TrainingRow, row_of
from protran.studies.compression.variant import Variant
from protran.studies.errors import StudyError
from protran.studies.progress import Observer
from protran.studies.row_log import RowLog, read_log

TRAININGS, SCORES, TIMINGS = "trainings.csv", "scores.csv", "timings.csv"


def read_rows(folder: Path) -> StudyRows:
    """Returns the rows of a study's folder. Raises `InputError` where a file is damaged."""
    return StudyRows(
        read_log(TrainingRow, folder / TRAININGS),
        read_log(ScoreRow, folder / SCORES),
        read_log(TimingRow, folder / TIMINGS),
    )


class Runner:
    """Does what a study's folder lacks.

    Args:
        plan: the study.
        jobs: processes that train and score side by side.
        meter: this machine's power sensor, for the energy of an inference.
        observer: is told of each finished piece.
        workers: makes so many processes.
    """

    def __init__(
        self,
        plan: StudyPlan,
        jobs: int,
        meter: MeterSpec,
        observer: Observer | None = None,
        workers: Callable[[int], Workers] = Workers.of,
    ) -> None:
        self._plan, self._jobs, self._meter, self._workers = plan, jobs, meter, workers
        self._observer = observer

    def run(self) -> StudyRows:
        """Returns all rows, when all are there.

        Raises:
            InputError: another process runs this study, or a file of rows is damaged.
            StudyError: the disk is full, or a process was lost.
        """
        folder = self._plan.folder
        with ExitStack() as stack:
            trainings = stack.enter_context(RowLog(TrainingRow, folder / TRAININGS))
            scores = stack.enter_context(RowLog(ScoreRow, folder / SCORES))
            timings = stack.enter_context(RowLog(TimingRow, folder / TIMINGS))
            rows = StudyRows(trainings.rows, scores.rows, timings.rows)
            pace = new_pace(self._plan, rows, self._jobs, self._observer)
            with self._workers(self._jobs) as workers:
                self._train(trainings, workers, pace)
                self._score(trainings, scores, workers, pace)
            with self._workers(1) as alone:
                self._time(scores, timings, alone, pace)
        return read_rows(folder)  # as a later start reads them: the figures of both are then the same to the last digit

    def _train(self, log: RowLog[TrainingRow], workers: Workers, pace: CostPace) -> None:
        """Trains those without a teacher first; a student whose teacher failed fails too."""
        for taught in (False, True):
            left = [piece for piece in untrained(self._plan, log.rows) if bool(piece[0].teacher) is taught]
            lost = {(row.model, row.repeat): row.reason for row in log.rows if row.status == FAILED}
            able = []
            for model, repeat in left:
                if (model.teacher, repeat) in lost:
                    reason = f"its teacher has no weights: {lost[model.teacher, repeat]}"
                    self._trained(log, pace, (model, repeat), {"status": FAILED, "reason": reason})
                else:
                    able.append((model, repeat))
            able.sort(key=lambda piece: (piece[1], -training_s(piece[0])))  # long ones first: no core waits at the end
            for place, answer in workers.answers([self._plan.training_job(*piece) for piece in able]):
                self._trained(log, pace, able[place], answer)

    def _trained(
        self, log: RowLog[TrainingRow], pace: CostPace, piece: tuple[StudyModel, int], answer: Mapping[str, Any]
    ) -> None:
        model, repeat = piece
        log.append(row_of(TrainingRow, {**answer, "model": model.key, "repeat": repeat}))
        pace.finished(f"training {model.key}, repeat {repeat + 1}{_why(answer)}", training_s(model) / self._jobs)

    def _score(self, trainings: RowLog[TrainingRow], log: RowLog[ScoreRow], workers: Workers, pace: CostPace) -> None:
        plan, known = self._plan, {(row.model, row.repeat, row.variant) for row in log.rows}
        reasons = {(row.model, row.repeat): row.reason for row in trainings.rows if row.status == FAILED}
        jobs: list[tuple[StudyModel, int, list[Variant]]] = []
        for repeat in range(plan.repeats):
            for model in plan.models:
                left = [v for v in model.variants if (model.key, repeat, v.value) not in known]
                if left and (model.key, repeat) in reasons:
                    answer = {"status": FAILED, "reason": f"not trained: {reasons[model.key, repeat]}"}
                    self._scored(log, pace, (model, repeat, left), answer)
                elif left:
                    jobs.append((model, repeat, left))
        payloads = [plan.scoring_job(model, variants, repeat) for model, repeat, variants in jobs]
        for place, answer in workers.answers(payloads):
            self._scored(log, pace, jobs[place], answer)

    def _scored(
        self,
        log: RowLog[ScoreRow],
        pace: CostPace,
        job: tuple[StudyModel, int, list[Variant]],
        answer: Mapping[str, Any],
    ) -> None:
        """Keeps the rows of a job; where the whole job failed, each of its variants did."""
        model, repeat, variants = job
        found = {row["variant"]: row for row in answer.get("rows", [])}
        for variant in variants:
            row = found.get(variant.value, answer)
            log.append(row_of(ScoreRow, {**row, "model": model.key, "variant": variant.value, "repeat": repeat}))
            pace.finished(
                f"score of {model.key} {variant.value}, repeat {repeat + 1}{_why(row)}", score_s(model) / self._jobs
            )

    def _time(self, scores: RowLog[ScoreRow], log: RowLog[TimingRow], alone: Workers, pace: CostPace) -> None:
        """Times what was scored, repeat by repeat, each time in another order: what drifts falls on all alike."""
        known = {(row.model, row.variant, row.repeat) for row in log.rows}
        rows = {(row.model, row.variant, row.repeat): row for row in scores.rows}
        for repeat in range(self._plan.timed_repeats):
            order = list(self._plan.rows)
            random.Random(self._plan.seed_of(repeat)).shuffle(order)
            for model, variant in order:
                place = (model.key, variant.value, repeat)
                if place in known:
                    continue
                answer = self._timed(model, variant, rows[place], alone)
                told = {**answer, "model": model.key, "variant": variant.value, "repeat": repeat}
                log.append(row_of(TimingRow, told))
                pace.finished(f"timing {model.key} {variant.value}, repeat {repeat + 1}{_why(answer)}", TIMING_S)

    def _timed(self, model: StudyModel, variant: Variant, row: ScoreRow, alone: Workers) -> dict[str, Any]:
        if row.status != OK:
            return {"status": FAILED, "reason": f"not scored: {row.reason}"}
        file = self._plan.found_file(model, variant, row.repeat)
        if file is None:
            return {"status": FAILED, "reason": "its deployed file is gone; repeat the study in another folder"}
        references = self._plan.folder / "references.json"
        payload = {
            "job": "time",
            "file": str(file),
            "candidate": row.candidate,
            "input_spec": self._plan.input_spec.to_json(),
            "repeat": row.repeat,
            "meter": (self._meter if row.repeat == 0 else MeterSpec(MeterKind.NONE)).to_json(),
            "references": _read_json(references),
        }
        ((_, answer),) = alone.answers([payload])
        if answer["status"] == BUSY:
            raise StudyError(f"{answer['reason']}; the same command continues where it stopped")
        if "references" in answer:
            _write_json(references, answer["references"])
        return answer


def _why(answer: Mapping[str, Any]) -> str:
    return f": {answer['reason']}" if answer.get("reason") else ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected the latencies of reference models, got {error}; remove it") from error
    return dict(content)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StudyError(f"cannot write {path} ({error.strerror}); make room and repeat the command") from error
