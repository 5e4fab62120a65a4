"""The tables of a study: one of all forms of all models, one of the sweeps over batch size and length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from device_agents.measurement import Provenance
from device_agents.meters.estimate import GENERIC_WATTS
from protran.studies.intervals import mean_interval
from protran.studies.models.energy import EnergyQuestion
from protran.studies.models.figures import FormFigures
from protran.studies.models.plan import ModelsPlan
from protran.studies.models.recommendation import Recommendation
from protran.studies.models.rows import TimingRow
from protran.studies.table import StudyColumn, StudyRow, StudyTable
from protran.studies.texts import TextData
from protran.units import Unit
from search_spaces.deployment import Runtime

KEYS = ("model", "form")
_SCORED, _EXACT, _COUNTER = (p.value for p in (Provenance.SCORED, Provenance.EXACT, Provenance.MEASURED_COUNTER))
_SEVERAL_LABELS = ("label_accuracy", "mean_average_precision", "chosen_macro_f1", "chosen_subset_accuracy")
"""Columns that say nothing where a document has one label."""


def models_table(
    found: Sequence[FormFigures],
    plan: ModelsPlan,
    texts: TextData,
    recommendations: Sequence[Recommendation],
    question: EnergyQuestion,
    conditions: Mapping[str, Any],
) -> StudyTable:
    """Returns the table of all forms of all models."""
    columns = tuple(column for column in _columns(found) if texts.multi_label or column.name not in _SEVERAL_LABELS)
    rows = tuple(
        StudyRow((form.entrant.contestant.headline, form.form.name), dict(form.figures), form.notes) for form in found
    )
    remarks = (
        *(one.text for one in recommendations),
        *_meanings(plan, texts),
        *_energy_remarks(found, question),
        *_origins(found),
        *texts.notes,
    )
    return StudyTable(_title(texts, conditions), KEYS, columns, rows, conditions, remarks)


def sweep_table(found: Sequence[FormFigures], plan: ModelsPlan, conditions: Mapping[str, Any]) -> StudyTable:
    """Returns the table of every call that was timed: latency, throughput and memory by batch size and length."""
    provenance = _joined(form.provenance for form in found)
    columns = (
        StudyColumn("latency_s", "latency of the batch", Unit.SECOND, provenance),
        StudyColumn("latency_stderr_s", "its standard error", Unit.SECOND, provenance),
        StudyColumn("documents_per_s", "documents per second", Unit.COUNT, provenance),
        StudyColumn("memory_bytes", "memory, counted", Unit.BYTE, "exact for torch, an estimate for onnxruntime"),
        StudyColumn("peak_rss_bytes", "peak memory of the process", Unit.BYTE, _COUNTER),
    )
    rows = tuple(_sweep_row(form, row) for form in found for row in _points(form, plan))
    remark = (
        "Every row is one measurement of a model with random weights on one thread. The peak of the process is given "
        "for torch alone: a process that measures onnxruntime makes its file too, which takes more than running it."
    )
    return StudyTable(
        "Sweeps over batch size and length", (*KEYS, "length", "batch"), columns, rows, conditions, (remark,)
    )


def _points(form: FormFigures, plan: ModelsPlan) -> list[TimingRow]:
    return [*form.batches, *(row for row in form.lengths if row.length != plan.length or 1 not in plan.batches)]


def _sweep_row(form: FormFigures, row: TimingRow) -> StudyRow:
    figures = {
        "latency_s": mean_interval([row.latency_s]),
        "latency_stderr_s": mean_interval([row.latency_stderr_s]),
        "documents_per_s": mean_interval([row.batch / row.latency_s]),
        "memory_bytes": mean_interval([row.memory_bytes]),
        "peak_rss_bytes": mean_interval([row.peak_rss_bytes]) if form.form.runtime is Runtime.TORCH else None,
    }
    notes = (f"length {row.length}, batch {row.batch}: {row.flags}",) if row.flags else ()
    return StudyRow((*_names(form), str(row.length), str(row.batch)), figures, notes)


def _names(form: FormFigures) -> tuple[str, str]:
    return form.entrant.contestant.headline, form.form.name


def _columns(found: Sequence[FormFigures]) -> tuple[StudyColumn, ...]:
    timed = _joined(form.provenance for form in found)
    energy = _joined(form.energy_provenance for form in found)
    share, count, second, byte, gram = Unit.FRACTION, Unit.COUNT, Unit.SECOND, Unit.BYTE, Unit.GRAM
    return (
        StudyColumn("subset_accuracy", "accuracy (all labels right)", share, _SCORED),
        StudyColumn("subset_accuracy_stderr", "its error over documents", share, _SCORED),
        StudyColumn("label_accuracy", "accuracy per label", share, _SCORED),
        StudyColumn("micro_f1", "micro-F1", share, _SCORED),
        StudyColumn("macro_f1", "macro-F1", share, _SCORED),
        StudyColumn("macro_f1_stderr", "its error over documents", share, _SCORED),
        StudyColumn("macro_f1_loss", "macro-F1 lost against fp32", share, _SCORED),
        StudyColumn("mean_average_precision", "mean average precision", share, _SCORED),
        StudyColumn("chosen_macro_f1", "macro-F1, chosen threshold", share, _SCORED),
        StudyColumn("chosen_subset_accuracy", "accuracy, chosen threshold", share, _SCORED),
        StudyColumn("latency_s", "latency, batch 1", second, timed),
        StudyColumn("latency_stderr_s", "its standard error", second, timed),
        StudyColumn("train_s", "training", second, _COUNTER),
        StudyColumn("train_core_s", "training, core-seconds", second, _COUNTER),
        StudyColumn("infer_core_s", "core-seconds of 1,000 documents", second, _COUNTER),
        StudyColumn("parameters", "parameters", count, _EXACT),
        StudyColumn("size_bytes", "size on disk", byte, _EXACT),
        StudyColumn("size_share", "of fp32", share, _EXACT),
        StudyColumn("weights_bytes", "weights at rest, counted", byte, _EXACT),
        StudyColumn("resting_pss_bytes", "process growth at rest", byte, _COUNTER),
        StudyColumn("memory_bytes", "memory running, counted", byte, "exact for torch, an estimate for onnxruntime"),
        StudyColumn("running_bytes", "process growth running", byte, _COUNTER),
        StudyColumn("training_energy_j", "training energy", Unit.JOULE, energy),
        StudyColumn("inference_energy_j", "energy of 1,000 documents", Unit.JOULE, energy),
        StudyColumn("training_co2e_g", "training CO2e", gram, energy),
        StudyColumn("inference_co2e_g", "CO2e of 1,000 documents", gram, energy),
        StudyColumn("efficiency_per_kg", "accuracy / kg CO2e, training and test", count, energy),
        StudyColumn("inference_efficiency_per_kg", "accuracy / kg CO2e, 1,000 documents", count, energy),
        StudyColumn("accuracy_per_core_hour", "accuracy / core-hour, training and test", count, _COUNTER),
        StudyColumn("inference_accuracy_per_core_hour", "accuracy / core-hour, 1,000 documents", count, _COUNTER),
    )


def _joined(texts: Iterable[str]) -> str:
    return " and ".join(sorted({text for text in texts if text})) or Provenance.UNAVAILABLE.value


def _title(texts: TextData, conditions: Mapping[str, Any]) -> str:
    kind = "multi-label" if texts.multi_label else "one label a document"
    return f"Text classifiers on {conditions.get('data', 'texts')} ({kind}, {len(texts.label_names)} labels)"


def _meanings(plan: ModelsPlan, texts: TextData) -> list[str]:
    sets = f"{len(texts.train):,} training, {len(texts.validation):,} validation, {len(texts.test):,} test documents"
    several = (
        "A label is answered where its probability is at least 0.5; the chosen threshold, one for all labels, is the "
        "one of the best macro-F1 of the fp32 model on the validation set. Accuracy per label flatters, as most "
        "labels of a document are absent."
    )
    one = "Each document has one label, so the accuracy is the usual one and micro-F1 equals it."
    return [
        f"{sets}, cut at {plan.length} tokens.",
        "Accuracy: the share of test documents all of whose labels are right. "
        + (several if texts.multi_label else one),
        "Macro-F1 is over the labels that occur in truth or answers. Errors over documents are standard errors.",
        f"Models with published weights: {plan.epochs} epochs; from scratch: {plan.scratch_epochs}. The epoch of the "
        f"least validation loss is kept.",
        "Core-seconds of 1,000 documents: from the pass over the test set, one document at a time on one thread.",
        f"Latency is that of one document of {plan.length} tokens on {plan.device}.",
    ]


def _energy_remarks(found: Sequence[FormFigures], question: EnergyQuestion) -> list[str]:
    known = {form.energy_provenance for form in found if form.energy_provenance}
    if not known:
        return [
            "Energy and CO2e are unavailable: no sensor read them; --estimate-energy with --country gives an order of "
            "magnitude. Accuracy per core-hour stands in for efficiency."
        ]
    remarks = []
    low_w, high_w = GENERIC_WATTS.low_w, GENERIC_WATTS.high_w
    if Provenance.ESTIMATED_GENERIC.value in " ".join(known):
        remarks.append(
            f"Energy is estimated from core-seconds at {low_w:g} to {high_w:g} W per core: the figure is the geometric "
            f"middle, the ends are a factor of {math.sqrt(high_w / low_w):.1f} below and above it, for all alike."
        )
    if question.grid is None:
        remarks.append("CO2e is unavailable without a grid; --country names one.")
    else:
        place = question.grid.intensity
        remarks.append(f"CO2e at {place.g_per_kwh:g} g/kWh ({place.place}), PUE {question.grid.pue:g}.")
    return remarks


def _origins(found: Sequence[FormFigures]) -> list[str]:
    entrants = {form.entrant.contestant.headline: form.entrant for form in found}
    return [
        f"{name}: weights {entrant.contestant.origin}; vocabulary: {entrant.vocabulary.origin}; "
        f"trained {entrant.repeats} time{'s' if entrant.repeats > 1 else ''}."
        for name, entrant in entrants.items()
    ]
