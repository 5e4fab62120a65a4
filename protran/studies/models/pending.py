"""What is left to do of a study."""

from __future__ import annotations

from protran.studies.models.entrants import Entrant
from protran.studies.models.forms import Form
from protran.studies.models.logs import StudyLogs
from protran.studies.models.plan import ModelsPlan, Point
from protran.studies.models.rows import TrainingRow


class Pending:
    """What is left to do, from the rows that there are; a row of another key is of another training."""

    def __init__(self, plan: ModelsPlan, entrants: tuple[Entrant, ...], logs: StudyLogs) -> None:
        self.logs, self._plan, self._entrants = logs, plan, entrants
        self._timed = {(row.model, row.key, row.form, row.length, row.batch) for row in logs.timings.rows}

    def __len__(self) -> int:
        return sum(self._left(entrant) for entrant in self._entrants)

    @property
    def total(self) -> int:
        """All pieces of the plan."""
        forms, points = len(self._plan.forms), len(list(self._plan.points()))
        return sum(entrant.repeats * (1 + forms) + forms * (1 + points) for entrant in self._entrants)

    def training(self, entrant: Entrant, repeat: int) -> TrainingRow | None:
        """Returns the row of a training; None where it has none yet."""
        wanted = (entrant.contestant.name, entrant.key, repeat)
        return next((row for row in self.logs.trainings.rows if (row.model, row.key, row.repeat) == wanted), None)

    def forms(self, entrant: Entrant, repeat: int) -> list[Form]:
        """Returns the forms of a training that have no scores yet."""
        wanted = (entrant.contestant.name, entrant.key, repeat)
        done = {row.form for row in self.logs.scores.rows if (row.model, row.key, row.repeat) == wanted}
        return [form for form in self._plan.forms if form.name not in done]

    def resting(self, entrant: Entrant) -> list[Form]:
        """Returns the forms whose memory at rest is not known yet."""
        wanted = (entrant.contestant.name, entrant.key)
        done = {row.form for row in self.logs.resting.rows if (row.model, row.key) == wanted}
        return [form for form in self._plan.forms if form.name not in done]

    def points(self, entrant: Entrant, form: Form) -> list[Point]:
        """Returns the calls of a form that are not timed yet."""
        name, key = entrant.contestant.name, entrant.key
        return [
            point
            for point in self._plan.points()
            if (name, key, form.name, point.length, point.batch) not in self._timed
        ]

    def _left(self, entrant: Entrant) -> int:
        repeats = range(entrant.repeats)
        trained = sum(self.training(entrant, repeat) is None for repeat in repeats)
        scored = sum(len(self.forms(entrant, repeat)) for repeat in repeats)
        timed = sum(len(self.points(entrant, form)) for form in self._plan.forms)
        return trained + scored + len(self.resting(entrant)) + timed
