"""Figures of single pieces of work."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from device_agents.errors import DeviceError
from device_agents.measurement import MeasurementStatus, Provenance
from device_agents.meters.energy_range import EnergyRange
from protran.studies.errors import StudyError
from protran.studies.models.energy import NoSensor
from protran.studies.models.forms import BASELINE, FORMS
from protran.studies.models.pieces import rest_form, score_form, time_form, train_entrant
from protran.studies.models.plan import Point
from protran.training.errors import TrainingError


class Sensor(NoSensor):
    """Reads three joules."""

    def energy(self):
        return EnergyRange.reading(3.0, Provenance.MEASURED_SAMPLED)


@pytest.fixture
def entrant(make_entrants):
    return make_entrants()[0]


class Files:
    """Answers as it is told, whatever is asked."""

    def __init__(self, logits):
        self.logits, self.path = logits, lambda form: "file"

    def answering(self, form):
        from contextlib import nullcontext

        return nullcontext(self.logits)

    def size_bytes(self, form):
        return 100


def test_energy_of_a_sensor_is_that_of_the_training(entrant, tmp_path):
    figures = train_entrant(entrant, 0, tmp_path / "w", Sensor)
    assert (figures["energy_j"], figures["energy_provenance"]) == (3.0, "measured-sampled")
    assert figures["epochs"] == 2


def test_right_answers_score_1(entrant):
    test = entrant.texts.test
    known = {document.tobytes(): row for document, row in zip(test.tokens, test.labels, strict=True)}
    answer = Files(lambda document: np.where(known[document.tobytes()], 5.0, -5.0))
    figures = score_form(entrant, BASELINE, answer, 0.5, Sensor)
    assert (figures["subset_accuracy"], figures["macro_f1"], figures["mean_average_precision"]) == (1, 1, 1)
    assert (figures["documents"], figures["size_bytes"], figures["energy_j"]) == (12, 100, 3.0)


def test_the_chosen_threshold_has_scores_of_its_own(entrant):
    figures = score_form(entrant, BASELINE, Files(lambda document: np.full(3, -0.1)), 0.4, NoSensor)
    assert figures["micro_f1"] == 0
    assert figures["chosen_macro_f1"] > 0
    assert math.isnan(figures["energy_j"])


def test_one_label_a_document_has_no_threshold(make_entrants, make_texts):
    (entrant,) = make_entrants(data=make_texts(several=False))
    figures = score_form(entrant, BASELINE, Files(lambda document: np.array([1.0, 0, 0])), math.nan, NoSensor)
    assert figures["subset_accuracy"] == pytest.approx(1 / 3)
    assert math.isnan(figures["chosen_macro_f1"])
    assert math.isnan(figures["mean_average_precision"])


def test_answers_that_are_not_finite_are_refused(entrant):
    with pytest.raises(TrainingError, match="expected finite answers"):
        score_form(entrant, BASELINE, Files(lambda document: np.array([np.nan, 0, 0])), 0.5, NoSensor)


def test_weights_at_rest_are_counted_in_the_precision_of_the_form(entrant):
    asked = []

    def resting(payload):
        asked.append(payload)
        return {"pss_bytes": 4096, "running_bytes": 5000}

    whole, small = (rest_form(entrant, form, Files(None), resting) for form in (FORMS[0], FORMS[2]))
    assert small["weights_bytes"] < whole["weights_bytes"]
    assert (whole["pss_bytes"], whole["running_bytes"]) == (4096, 5000)
    assert (asked[0]["runtime"], asked[1]["runtime"]) == ("torch", "onnxruntime")
    assert math.isnan(rest_form(entrant, BASELINE, Files(None), lambda payload: {"pss_bytes": None})["pss_bytes"])


def test_a_call_is_timed_at_its_length_and_batch(entrant, make_means):
    stand_in = make_means()
    figures = time_form(entrant, FORMS[2], Point(8, 4), stand_in.means.measure)
    assert stand_in.asked == [(FORMS[2].deployment, 8, 4)]
    assert (figures["status"], figures["latency_s"], figures["provenance"]) == ("ok", 0.032, "measured-counter")
    assert math.isnan(figures["peak_rss_bytes"])


def test_a_measurement_that_stays_rejected_is_a_failure_with_its_reason(entrant, make_means):
    stand_in = make_means()

    def measure(*asked):
        found = stand_in.means.measure(*asked)
        return dataclasses.replace(found, status=MeasurementStatus.REJECTED, reason="it throttled")

    found = time_form(entrant, BASELINE, Point(8, 1), measure)
    assert SimpleNamespace(**found) == SimpleNamespace(status="failed", reason="rejected: it throttled")
    assert len(stand_in.asked) == 3


def test_a_measurement_that_is_accepted_the_second_time_counts(entrant, make_means):
    stand_in = make_means()

    def measure(*asked):
        found = stand_in.means.measure(*asked)
        return dataclasses.replace(found, status=MeasurementStatus.REJECTED) if len(stand_in.asked) < 2 else found

    assert time_form(entrant, BASELINE, Point(8, 1), measure)["status"] == "ok"


def test_a_device_that_was_lost_ends_the_study_and_blames_no_form(entrant):
    def measure(*asked):
        raise DeviceError("the device is away")

    with pytest.raises(StudyError, match="the device is away; the same command goes on"):
        time_form(entrant, BASELINE, Point(8, 1), measure)
