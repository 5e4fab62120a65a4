"""What is known of each form of each model: figures over its repeats, from the rows of a study."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from protran.studies.intervals import Interval, mean_interval
from protran.studies.models.energy import EnergyQuestion, middle_j
from protran.studies.models.entrants import Entrant
from protran.studies.models.forms import BASELINE, Form
from protran.studies.models.logs import StudyRows
from protran.studies.models.plan import ModelsPlan
from protran.studies.models.rows import OK, RestingRow, ScoreRow, TimingRow, TrainingRow

GRAMS_PER_KILOGRAM = 1000.0
SECONDS_PER_HOUR = 3600.0
DOCUMENTS = 1000
_MEANS: tuple[str, ...] = (
    "subset_accuracy", "subset_accuracy_stderr", "label_accuracy", "micro_f1", "micro_f1_stderr", "macro_f1",
    "macro_f1_stderr", "mean_average_precision", "chosen_macro_f1", "chosen_subset_accuracy", "size_bytes",
)  # fmt: skip
"""Fields of a `ScoreRow` whose mean over the repeats is a figure of the same name."""


@dataclass(frozen=True)
class FormFigures:
    """One form of one model.

    Attributes:
        entrant: the model.
        form: its form.
        figures: by name, with SI units as suffixes; None where it could not be had.
        provenance: of the latency, for example `measured-counter`; empty where there is none.
        energy_provenance: of energy and CO2e; empty where there is none.
        notes: why something is missing.
        batches: the sweep over batch sizes, at the plan's length.
        lengths: the sweep over lengths, at batch 1.
    """

    entrant: Entrant
    form: Form
    figures: Mapping[str, Interval | None]
    provenance: str
    energy_provenance: str
    notes: tuple[str, ...]
    batches: tuple[TimingRow, ...]
    lengths: tuple[TimingRow, ...]

    @property
    def label(self) -> str:
        """For people, for example `minilm-6, int8-dynamic onnxruntime`."""
        return f"{self.entrant.contestant.headline}, {self.form.name}"

    def mean(self, name: str) -> float:
        """Returns the mean of a figure; NaN where it could not be had."""
        found = self.figures.get(name)
        return math.nan if found is None else found.mean


@dataclass(frozen=True)
class _Repeat:
    """A training and one form's scores of it."""

    training: TrainingRow
    score: ScoreRow
    training_g: float
    inference_g: float
    training_j: float
    inference_j: float


def form_figures(
    plan: ModelsPlan, entrants: Sequence[Entrant], rows: StudyRows, question: EnergyQuestion
) -> tuple[FormFigures, ...]:
    """Returns the figures of every form of every model, in the order of the plan."""
    return tuple(_of_form(plan, entrant, form, rows, question) for entrant in entrants for form in plan.forms)


def _of_form(plan: ModelsPlan, entrant: Entrant, form: Form, rows: StudyRows, question: EnergyQuestion) -> FormFigures:
    trainings = {row.repeat: row for row in rows.trainings if _is_of(row, entrant) and row.repeat < entrant.repeats}
    every = [row for row in rows.scores if _is_of(row, entrant) and row.repeat in trainings]
    scores = [row for row in every if row.form == form.name]
    baseline = {row.repeat: row for row in every if row.form == BASELINE.name and row.status == OK}
    repeats = [_repeat(trainings[row.repeat], row, question) for row in scores if row.status == OK]
    resting = [row for row in rows.resting if _is_of(row, entrant) and row.form == form.name]
    timings = {(row.length, row.batch): row for row in rows.timings if _is_of(row, entrant) and row.form == form.name}
    first = timings.get((plan.length, 1))
    figures = {
        **_score_figures(repeats, baseline),
        **_energy_figures(repeats),
        **_resting_figures(resting),
        **_timing_figures(first),
    }
    every_row: list[ScoreRow | RestingRow | TimingRow] = [*scores, *resting, *timings.values()]
    failed = [row for row in every_row if row.status != OK]
    return FormFigures(
        entrant,
        form,
        MappingProxyType(figures),
        first.provenance if first is not None else "",
        " and ".join(sorted(_energy_sources(repeats, question))),
        tuple(dict.fromkeys(_note(row) for row in failed)),
        tuple(found for batch in plan.batches if (found := timings.get((plan.length, batch))) and found.status == OK),
        tuple(found for length in plan.lengths if (found := timings.get((length, 1))) and found.status == OK),
    )


def _is_of(row: TrainingRow | ScoreRow | RestingRow | TimingRow, entrant: Entrant) -> bool:
    return (row.model, row.key) == (entrant.contestant.name, entrant.key)


def _repeat(training: TrainingRow, score: ScoreRow, question: EnergyQuestion) -> _Repeat:
    of_training = question.energy(
        training.energy_j, training.energy_provenance, training.train_s, training.train_core_s
    )
    of_inference = question.energy(score.energy_j, score.energy_provenance, score.infer_s, score.infer_core_s)
    return _Repeat(
        training,
        score,
        question.grams(of_training),
        question.grams(of_inference),
        middle_j(of_training),
        middle_j(of_inference),
    )


def _energy_sources(repeats: Iterable[_Repeat], question: EnergyQuestion) -> set[str]:
    return {
        question.energy(row.energy_j, row.energy_provenance, *seconds).provenance.value
        for found in repeats
        for row, seconds in (
            (found.training, (found.training.train_s, found.training.train_core_s)),
            (found.score, (found.score.infer_s, found.score.infer_core_s)),
        )
    } - {"unavailable"}


def _score_figures(repeats: Sequence[_Repeat], baseline: Mapping[int, ScoreRow]) -> dict[str, Interval | None]:
    def over(value: Callable[[_Repeat], float]) -> Interval | None:
        return mean_interval(value(found) for found in repeats)

    def lost(found: _Repeat) -> float:
        before = baseline.get(found.score.repeat)
        return math.nan if before is None else before.macro_f1 - found.score.macro_f1

    def share(found: _Repeat) -> float:
        before = baseline.get(found.score.repeat)
        return math.nan if before is None else found.score.size_bytes / before.size_bytes

    return {
        **{name: mean_interval(float(getattr(found.score, name)) for found in repeats) for name in _MEANS},
        "macro_f1_loss": over(lost),
        "size_share": over(share),
        "parameters": over(lambda found: float(found.training.parameters)),
        "train_s": over(lambda found: found.training.train_s),
        "train_core_s": over(lambda found: found.training.train_core_s),
        "infer_core_s": over(lambda found: found.score.infer_core_s * DOCUMENTS / found.score.documents),
        "accuracy_per_core_hour": over(
            lambda found: (
                found.score.subset_accuracy
                / (found.training.train_core_s + found.score.infer_core_s)
                * SECONDS_PER_HOUR
            )
        ),
        "inference_accuracy_per_core_hour": over(
            lambda found: (
                found.score.subset_accuracy
                / (found.score.infer_core_s * DOCUMENTS / found.score.documents)
                * SECONDS_PER_HOUR
            )
        ),
    }


def _energy_figures(repeats: Sequence[_Repeat]) -> dict[str, Interval | None]:
    def over(value: Callable[[_Repeat], float]) -> Interval | None:
        return mean_interval(value(found) for found in repeats)

    def thousand(found: _Repeat) -> float:
        return DOCUMENTS / found.score.documents

    return {
        "training_energy_j": over(lambda found: found.training_j),
        "inference_energy_j": over(lambda found: found.inference_j * thousand(found)),
        "training_co2e_g": over(lambda found: found.training_g),
        "inference_co2e_g": over(lambda found: found.inference_g * thousand(found)),
        "efficiency_per_kg": over(
            lambda found: (
                found.score.subset_accuracy * GRAMS_PER_KILOGRAM / _not_zero(found.training_g + found.inference_g)
            )
        ),
        "inference_efficiency_per_kg": over(
            lambda found: (
                found.score.subset_accuracy * GRAMS_PER_KILOGRAM / _not_zero(found.inference_g * thousand(found))
            )
        ),
    }


def _not_zero(number: float) -> float:
    return number or math.nan  # a grid of 0 g/kWh has no ratio


def _resting_figures(resting: Sequence[RestingRow]) -> dict[str, Interval | None]:
    known = [row for row in resting if row.status == OK]
    return {
        "weights_bytes": mean_interval(float(row.weights_bytes) for row in known),
        "resting_pss_bytes": mean_interval(row.pss_bytes for row in known),
        "running_bytes": mean_interval(row.running_bytes for row in known),
    }


def _timing_figures(row: TimingRow | None) -> dict[str, Interval | None]:
    if row is None or row.status != OK:
        return {}
    return {
        "latency_s": mean_interval([row.latency_s]),
        "latency_stderr_s": mean_interval([row.latency_stderr_s]),
        "memory_bytes": mean_interval([row.memory_bytes]),
    }


def _note(row: ScoreRow | RestingRow | TimingRow) -> str:
    if isinstance(row, TimingRow):
        return f"not timed at length {row.length}, batch {row.batch}: {row.reason}"
    return f"memory at rest unknown: {row.reason}" if isinstance(row, RestingRow) else f"not scored: {row.reason}"
