"""The pieces of work of a study, each of which gives the figures of one row."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from device_agents.errors import DeviceError
from device_agents.measurement import Measurement, MeasurementStatus
from device_agents.meters.energy_range import EnergyRange
from device_agents.workload import Workload
from protran.studies.errors import StudyError
from protran.studies.models.energy import Metering, middle_j
from protran.studies.models.entrants import Entrant
from protran.studies.models.fine_tuning import fine_tune
from protran.studies.models.forms import Form, FormFiles
from protran.studies.models.plan import Point, spec_of
from protran.studies.models.rows import FAILED, OK
from protran.studies.models.scoring import decide, mean_average_precision, probabilities, text_scores
from protran.training.errors import TrainingError
from search_spaces.candidate import Candidate
from search_spaces.cost import count_candidate
from search_spaces.input_spec import InputSpec

Measure = Callable[[Candidate, InputSpec, Workload], Measurement]

WARM_UP_DOCUMENTS = 3
MEASUREMENT_ATTEMPTS = 3


def train_entrant(entrant: Entrant, seed: int, path: Path, metering: Metering) -> dict[str, Any]:
    """Trains one model and returns the figures of a `TrainingRow`. Raises as `fine_tune` does."""
    with metering() as span:
        tuned = fine_tune(entrant.contestant, entrant.input_spec, entrant.texts, entrant.recipe, seed, path)
    return {"epochs": entrant.recipe.epochs, **asdict(tuned), **_energy(span.energy())}


def score_form(entrant: Entrant, form: Form, files: FormFiles, threshold: float, metering: Metering) -> dict[str, Any]:
    """Scores one form of a training on the test set and returns the figures of a `ScoreRow`.

    Documents are answered one by one, each as long as it is. Seconds and energy are those of this pass.

    Raises:
        TrainingError: an answer is infinite or not a number.
        SpaceError: the form cannot be made.
    """
    test, several = entrant.texts.test, entrant.texts.multi_label
    with files.answering(form) as answer:
        for document in test.tokens[:WARM_UP_DOCUMENTS]:
            answer(document)
        with metering() as span:
            began_s, began_core_s = time.perf_counter(), time.process_time()
            logits = np.stack([answer(document) for document in test.tokens])
            infer_s, infer_core_s = time.perf_counter() - began_s, time.process_time() - began_core_s
    if not np.isfinite(logits).all():
        raise TrainingError("expected finite answers of the trained model, got others; choose another form")
    found = probabilities(logits, several)
    scores = text_scores(test.labels, decide(found, several))
    chosen = text_scores(test.labels, decide(found, several, threshold)) if several else None
    return {
        "documents": len(test),
        **asdict(scores),
        "mean_average_precision": mean_average_precision(test.labels, found) if several else math.nan,
        "chosen_macro_f1": math.nan if chosen is None else chosen.macro_f1,
        "chosen_subset_accuracy": math.nan if chosen is None else chosen.subset_accuracy,
        "size_bytes": files.size_bytes(form),
        "infer_s": infer_s,
        "infer_core_s": infer_core_s,
        **_energy(span.energy()),
    }


def rest_form(
    entrant: Entrant, form: Form, files: FormFiles, resting: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Returns the figures of a `RestingRow`: weights as counted, and the growth of a process that loads them.

    Raises:
        JobFailed: the process could not load the form.
    """
    architecture = entrant.contestant.architecture
    counted = count_candidate(Candidate(architecture, form.deployment), entrant.input_spec).weight_bytes
    told = resting(
        {
            "path": str(files.path(form)),
            "precision": form.precision.value,
            "runtime": form.runtime.value,
            "architecture": architecture.to_json(),
            "input_spec": entrant.input_spec.to_json(),
        }
    )
    grown = {name: _number(told.get(name)) for name in ("pss_bytes", "running_bytes")}
    return {"weights_bytes": int(counted), **grown}


def time_form(entrant: Entrant, form: Form, point: Point, measure: Measure) -> dict[str, Any]:
    """Returns the figures of a `TimingRow`, a failed one where the measurement failed or was rejected.

    The model that is timed has random weights, as everywhere in this product: values do not change the time. What was
    rejected, as where the machine throttled, is measured again.

    Raises:
        StudyError: the device cannot be asked, of which no form is to blame.
    """
    spec = entrant.input_spec
    at_length = spec_of(spec.vocabulary, point.length, spec.classes, multi_label=spec.multi_label)
    candidate = Candidate(entrant.contestant.architecture, form.deployment)
    try:
        for _ in range(MEASUREMENT_ATTEMPTS):
            found = measure(candidate, at_length, Workload(batch_size=point.batch))
            if found.status is not MeasurementStatus.REJECTED:
                break
    except DeviceError as error:
        raise StudyError(f"{error}; the same command goes on where this one stopped") from error
    if found.status is not MeasurementStatus.OK:
        return {"status": FAILED, "reason": f"{found.status.value}: {found.reason}"}
    latency = found.values["latency_s"]
    return {
        "status": OK,
        "latency_s": _number(latency.value),
        "latency_stderr_s": _number(latency.stderr),
        "provenance": latency.provenance.value,
        "flags": " ".join(found.flags),
        "core_s": _value(found, "core_seconds"),
        "memory_bytes": _value(found, "memory_bytes"),
        "peak_rss_bytes": _value(found, "peak_rss_bytes"),
    }


def _energy(found: EnergyRange) -> dict[str, Any]:
    read_j = middle_j(found)
    return {"energy_j": read_j, "energy_provenance": "" if math.isnan(read_j) else found.provenance.value}


def _value(found: Measurement, name: str) -> float:
    return _number(found.values[name].value) if name in found.values else math.nan


def _number(value: float | None) -> float:
    return math.nan if value is None else value
