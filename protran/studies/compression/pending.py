"""What a study's folder lacks, and how long that is expected to take."""

from __future__ import annotations

from collections.abc import Sequence

from protran.studies.compression.models import StudyModel
from protran.studies.compression.pace import CostPace
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.rows import FAILED, StudyRows, TrainingRow
from protran.studies.progress import Observer

EPOCH_OF_LAYER_S, SCORE_OF_LAYER_S, TIMING_S = 0.45, 0.7, 5.0
"""What pieces take, roughly: an epoch of one layer, the score of one variant of one layer, a timing."""


def new_pace(plan: StudyPlan, rows: StudyRows, jobs: int, observer: Observer | None) -> CostPace:
    """Returns what tells `observer` of the pieces that are not done yet, with `jobs` of them side by side."""
    repeats = range(plan.repeats)
    scored = {(row.model, row.variant, row.repeat) for row in rows.scores}
    timed = {(row.model, row.variant, row.repeat) for row in rows.timings}
    pieces = [(model, variant, repeat) for model, variant in plan.rows for repeat in repeats]
    left = [training_s(model) / jobs for model, _ in untrained(plan, rows.trainings)]
    left += [score_s(model) / jobs for model, v, r in pieces if (model.key, v.value, r) not in scored]
    to_time = [(model, v, r) for model, v, r in pieces if r < plan.timed_repeats]
    left += [TIMING_S for model, v, r in to_time if (model.key, v.value, r) not in timed]
    total = plan.repeats * len(plan.models) + len(pieces) + len(to_time)
    return CostPace(left, total - len(left), observer)


def untrained(plan: StudyPlan, rows: Sequence[TrainingRow]) -> list[tuple[StudyModel, int]]:
    """Returns what has no row yet, or a row but no weights any more."""
    known = {
        (row.model, row.repeat)
        for row in rows
        if row.model in plan.by_key
        and (row.status == FAILED or plan.weights(plan.by_key[row.model], row.repeat).is_file())
    }
    return [(m, repeat) for repeat in range(plan.repeats) for m in plan.models if (m.key, repeat) not in known]


def training_s(model: StudyModel) -> float:
    """Returns the seconds that a training is expected to take."""
    return EPOCH_OF_LAYER_S * model.fidelity.epochs * len(model.architecture.layers)


def score_s(model: StudyModel) -> float:
    """Returns the seconds that the score of one variant is expected to take."""
    return SCORE_OF_LAYER_S * len(model.architecture.layers)
