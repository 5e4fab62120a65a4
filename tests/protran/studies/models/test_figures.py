"""Figures of forms, from rows that are made by hand."""

import dataclasses
import math

import pytest

from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.studies.models.energy import EnergyQuestion
from protran.studies.models.figures import form_figures
from protran.studies.models.rows import FAILED

GRID = Grid(own_intensity(360.0))  # 0.1 mg for each joule


@pytest.fixture
def study(make_plan, make_entrants, make_rows):
    """Gives the figures of a study of one model that is trained twice."""
    plan = make_plan(repeats=2)
    entrants = make_entrants(plan)
    rows = make_rows(plan, entrants)

    def make(question=None, change=lambda rows: rows):
        return form_figures(plan, entrants, change(rows), question or EnergyQuestion())

    return make


def test_scores_are_means_over_repeats_with_their_spread(study):
    found = study()[0].figures["macro_f1"]
    assert (found.mean, found.count) == (pytest.approx(0.605), 2)
    assert found.half_width > 0


def test_a_loss_is_that_of_the_same_training_in_fp32(study):
    fp32, _, int8, _ = study()
    assert fp32.mean("macro_f1_loss") == 0
    assert int8.figures["macro_f1_loss"].mean == pytest.approx(0.10)
    assert int8.figures["macro_f1_loss"].half_width == pytest.approx(0, abs=1e-9)


def test_a_size_is_given_as_a_share_of_fp32(study):
    assert [form.mean("size_share") for form in study()] == [1, 1, 0.25, 0.25]


def test_latency_is_that_of_batch_1_at_the_plans_length(study):
    assert study()[0].mean("latency_s") == pytest.approx(0.016)


def test_sweeps_are_in_the_order_of_the_plan(study):
    form = study()[0]
    assert [(row.length, row.batch) for row in form.batches] == [(16, 1), (16, 2)]
    assert [(row.length, row.batch) for row in form.lengths] == [(8, 1)]


def test_core_hours_stand_in_where_nothing_is_known_of_energy(study):
    form = study()[0]
    assert form.mean("accuracy_per_core_hour") == pytest.approx(0.8 / 21 * 3600)
    assert form.mean("inference_accuracy_per_core_hour") == pytest.approx(0.8 / 10 * 3600)
    assert (form.figures["training_energy_j"], form.figures["efficiency_per_kg"]) == (None, None)
    assert form.energy_provenance == ""


def test_a_reading_gives_co2e_and_efficiency_of_training_and_inference_apart(study):
    def read(rows):
        trainings = [
            dataclasses.replace(row, energy_j=300.0, energy_provenance="measured-counter") for row in rows.trainings
        ]
        scores = [dataclasses.replace(row, energy_j=50.0, energy_provenance="measured-counter") for row in rows.scores]
        return dataclasses.replace(rows, trainings=tuple(trainings), scores=tuple(scores))

    form = study(EnergyQuestion(GRID), read)[0]
    assert form.mean("training_co2e_g") == pytest.approx(0.03)
    assert form.mean("inference_co2e_g") == pytest.approx(0.05)  # 100 documents were answered, 1,000 are told
    assert form.mean("efficiency_per_kg") == pytest.approx(0.8 / 35e-6)
    assert form.mean("inference_efficiency_per_kg") == pytest.approx(0.8 / 50e-6)
    assert form.energy_provenance == "measured-counter"


def test_an_estimate_says_what_it_is(study):
    form = study(EnergyQuestion(GRID, estimate=True))[0]
    assert form.energy_provenance == "estimated-generic"
    assert form.mean("training_energy_j") == pytest.approx(20 * math.sqrt(0.8 * 23.8))


def test_a_grid_without_emissions_has_no_ratio(study):
    form = study(EnergyQuestion(Grid(own_intensity(0.0)), estimate=True))[0]
    assert form.mean("training_co2e_g") == 0
    assert form.figures["efficiency_per_kg"] is None


def test_what_failed_is_missing_and_noted(study):
    def broken(rows):
        scores = [dataclasses.replace(row, status=FAILED, reason="no memory") for row in rows.scores]
        timings = [dataclasses.replace(row, status=FAILED, reason="away") for row in rows.timings if row.batch == 1]
        resting = [dataclasses.replace(row, status=FAILED, reason="lost") for row in rows.resting]
        return dataclasses.replace(rows, scores=tuple(scores), timings=tuple(timings), resting=tuple(resting))

    form = study(change=broken)[0]
    assert math.isnan(form.mean("subset_accuracy"))
    assert math.isnan(form.mean("latency_s"))
    assert form.notes == (
        "not scored: no memory",
        "memory at rest unknown: lost",
        "not timed at length 16, batch 1: away",
        "not timed at length 8, batch 1: away",
    )


def test_rows_of_another_key_do_not_count(study):
    def other(rows):
        return dataclasses.replace(rows, scores=tuple(dataclasses.replace(row, key="x") for row in rows.scores))

    assert study(change=other)[0].figures["macro_f1"] is None
