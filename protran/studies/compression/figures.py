"""The figures of one row of the table, repeat by repeat: what was scored, counted, measured and estimated."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from device_agents.meters.estimate import estimate_machine_energy
from device_agents.power_calibration.calibration import Calibration
from protran.carbon.grid import Grid
from protran.studies.compression.models import StudyModel
from protran.studies.compression.plan import StudyPlan
from protran.studies.compression.rows import OK, ScoreRow, StudyRows, TimingRow, TrainingRow
from protran.studies.compression.variant import Family, Variant
from search_spaces.candidate import Candidate
from search_spaces.deployment import Runtime

R = TypeVar("R")
Series = Mapping[int, float]
"""A figure by repeat."""


@dataclass(frozen=True)
class Carbon:
    """What joules and grams may be told.

    Attributes:
        grid: that feeds the machine; None tells no grams.
        estimate: whether joules may be estimated from core-seconds where no sensor read them.
        calibration: of this machine, for estimates; None for watts per core of machines in general.
    """

    grid: Grid | None = None
    estimate: bool = False
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Entry:
    """One variant of one model.

    Attributes:
        model: the model.
        variant: the variant.
        series: figures by name, each by repeat; only what is known.
        energy_provenance: of a measured energy; empty without.
        notes: why something is missing, and what was chosen.
        runtime: that ran it; None where nothing was scored.
    """

    model: StudyModel
    variant: Variant
    series: Mapping[str, Series]
    energy_provenance: str
    notes: tuple[str, ...]
    runtime: Runtime | None

    @property
    def family(self) -> Family:
        """What kind of row it is, for pictures."""
        small = self.model.key.startswith("student-")
        return Family.STUDENT if small else self.variant.family


def entries(plan: StudyPlan, rows: StudyRows, carbon: Carbon) -> list[Entry]:
    """Returns what is known of every row of the table, in its order."""
    found = []
    for model, variant in plan.rows:
        names = (model.key, variant.value)
        of_trainings = {row.repeat: row for row in rows.trainings if row.model == model.key}
        of_scores = {row.repeat: row for row in rows.scores if (row.model, row.variant) == names}
        of_timings = {row.repeat: row for row in rows.timings if (row.model, row.variant) == names}
        asked = range(plan.repeats)
        known = (_of(of_trainings, asked), _of(of_scores, asked), _of(of_timings, asked))
        found.append(_entry(model, variant, *known, carbon))
    return found


def _of(rows: Mapping[int, R], repeats: Sequence[int]) -> list[R]:
    """Returns the rows of these repeats, as far as there are any; of two rows of one repeat the later."""
    return [rows[repeat] for repeat in repeats if repeat in rows]


def _entry(
    model: StudyModel,
    variant: Variant,
    trainings: Sequence[TrainingRow],
    scores: Sequence[ScoreRow],
    timings: Sequence[TimingRow],
    carbon: Carbon,
) -> Entry:
    good = [row for row in scores if row.status == OK]
    trained, timed = [r for r in trainings if r.status == OK], [r for r in timings if r.status == OK]
    runtime = _runtime(good[0].candidate) if good else None
    memory = "memory_bytes" if runtime is Runtime.TORCH else "memory_estimate_bytes"
    series: dict[str, Series] = {
        **{
            name: {row.repeat: getattr(row, name) for row in good}
            for name in ("accuracy", "macro_f1", "validation_accuracy", "validation_macro_f1")
        },
        "train_s_per_epoch": {row.repeat: row.train_s / row.epochs for row in trained},
        "train_core_s_per_epoch": {row.repeat: row.train_core_s / row.epochs for row in trained},
        "tuning_s": {row.repeat: row.tuning_s for row in good if row.tuning_epochs},
        "latency_s": {row.repeat: row.latency_s for row in timed},
        "loop_s": {row.repeat: row.loop_s for row in timed},
        "file_bytes": {row.repeat: float(row.file_bytes) for row in good},
        memory: {row.repeat: row.memory_bytes for row in good},
        "parameters": {row.repeat: float(row.parameters) for row in good},
        "energy_j": {row.repeat: row.energy_j for row in timed if not math.isnan(row.energy_j)},
    }
    if carbon.estimate:
        series |= _estimated("energy", {r.repeat: (r.latency_s, r.core_seconds) for r in timed}, carbon)
        series |= _estimated("training_energy", _whole_training(trained, good), carbon)
    if carbon.grid is not None:
        series |= _grams(series, carbon.grid)
    provenance = next((row.energy_provenance for row in timed if row.energy_provenance), "")
    known = {name: values for name, values in series.items() if values}
    return Entry(model, variant, known, provenance, _notes(scores, timings), runtime)


def _whole_training(trainings: Sequence[TrainingRow], scores: Sequence[ScoreRow]) -> dict[int, tuple[float, float]]:
    """Returns wall and core-seconds of a training and the fine-tuning after it, by repeat."""
    tuning = {row.repeat: (row.tuning_s, row.tuning_core_s) for row in scores}
    return {
        row.repeat: (row.train_s + tuning[row.repeat][0], row.train_core_s + tuning[row.repeat][1])
        for row in trainings
        if row.repeat in tuning
    }


def _estimated(name: str, spans: Mapping[int, tuple[float, float]], carbon: Carbon) -> dict[str, Series]:
    """Returns the two ends of an estimated energy, for spans of wall and core-seconds by repeat."""
    ranges = {
        repeat: estimate_machine_energy(wall_s, core_seconds, carbon.calibration)
        for repeat, (wall_s, core_seconds) in spans.items()
        if not math.isnan(core_seconds)
    }
    return {
        f"{name}_low_j": {repeat: energy.low_j or 0.0 for repeat, energy in ranges.items()},
        f"{name}_high_j": {repeat: energy.high_j or 0.0 for repeat, energy in ranges.items()},
    }


def _grams(series: Mapping[str, Series], grid: Grid) -> dict[str, Series]:
    """Returns grams of CO2e for every energy."""
    return {
        f"{name.removesuffix('_j').replace('energy', 'co2e')}_g": _times(values, grid.g_per_j)
        for name, values in series.items()
        if name.endswith("_j")
    }


def _times(values: Series, factor: float) -> dict[int, float]:
    return {repeat: value * factor for repeat, value in values.items()}


def _runtime(candidate: str) -> Runtime:
    return Candidate.from_json(json.loads(candidate)).deployment.runtime


def _notes(scores: Sequence[ScoreRow], timings: Sequence[TimingRow]) -> tuple[str, ...]:
    """Returns each reason once, with how many repeats it concerns, and what was chosen most often."""
    notes = []
    for what, rows in (("repeats have no score", scores), ("timings failed", timings)):
        reasons = [row.reason for row in rows if row.status != OK]
        notes += [f"{reasons.count(reason)} {what}: {reason}" for reason in dict.fromkeys(reasons)]
    chosen = [row.note for row in scores if row.note]
    if chosen:
        usual = max(dict.fromkeys(chosen), key=chosen.count)
        notes.append(f"{usual} (in {chosen.count(usual)} of {len(chosen)} repeats)")
    return tuple(notes)
