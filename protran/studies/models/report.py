"""What a study leaves in its folder for readers: two tables, a picture and its recommendations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protran.report.models_picture import DrawnForm, draw_models
from protran.studies.models.energy import EnergyQuestion
from protran.studies.models.entrants import Entrant
from protran.studies.models.figures import FormFigures, form_figures
from protran.studies.models.logs import read_rows
from protran.studies.models.plan import ModelsPlan
from protran.studies.models.recommendation import Recommendation, accuracy_error, recommend
from protran.studies.models.tables import models_table, sweep_table
from protran.studies.table import StudyTable
from protran.studies.texts import TextData

PICTURE, SWEEP = "picture.png", "sweep"


@dataclass(frozen=True)
class StudyReport:
    """What was found.

    Attributes:
        table: a row for each form of each model.
        sweep: a row for each call that was timed.
        recommendations: which form to take.
        picture: its path; None where there is nothing to draw.
    """

    table: StudyTable
    sweep: StudyTable
    recommendations: tuple[Recommendation, ...]
    picture: Path | None

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object: the table's, with ``"sweep"``, ``"recommendations"`` and ``"picture"``."""
        return {
            **self.table.to_json(),
            "sweep": self.sweep.to_json(),
            "recommendations": [one.to_json() for one in self.recommendations],
            "picture": None if self.picture is None else str(self.picture),
        }


def write_report(
    plan: ModelsPlan,
    entrants: Sequence[Entrant],
    texts: TextData,
    folder: Path,
    question: EnergyQuestion,
    conditions: Mapping[str, Any],
) -> StudyReport:
    """Writes tables and picture from the rows in `folder` and returns them.

    Raises:
        StudyError: the folder cannot be written.
        InputError: a file of rows is damaged, or the picture cannot be written.
    """
    found = form_figures(plan, entrants, read_rows(folder), question)
    recommendations = recommend(found)
    table = models_table(found, plan, texts, recommendations, question, conditions)
    sweep = sweep_table(found, plan, conditions)
    table.write(folder)
    sweep.write(folder / SWEEP)
    drawn = [_drawn(form) for form in found]
    picture = None
    if any(form.throughput or (form.score is not None and form.latency_s is not None) for form in drawn):
        picture = draw_models(table.title, "accuracy (all labels right)", drawn, folder / PICTURE)
    return StudyReport(table, sweep, recommendations, picture)


def _drawn(form: FormFigures) -> DrawnForm:
    scored = _known(form.mean("subset_accuracy"))
    return DrawnForm(
        model=form.entrant.contestant.headline,
        form=form.form.name,
        score=scored,
        score_error=0.0 if scored is None else accuracy_error(form),
        latency_s=_known(form.mean("latency_s")),
        latency_error_s=_known(form.mean("latency_stderr_s")) or 0.0,
        size_bytes=_known(form.mean("size_bytes")) or 0.0,
        throughput=tuple((row.batch, row.batch / row.latency_s) for row in form.batches),
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
