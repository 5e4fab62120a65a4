"""Which form to take."""

import dataclasses
import math
from types import MappingProxyType

import pytest

from protran.studies.intervals import Interval
from protran.studies.models.energy import EnergyQuestion
from protran.studies.models.figures import form_figures
from protran.studies.models.forms import FORMS
from protran.studies.models.recommendation import accuracy_error, recommend


@pytest.fixture
def make(make_plan, make_entrants, make_rows):
    """Makes forms with these accuracies and latencies, and figures besides."""
    plan = make_plan()
    entrants = make_entrants(plan)
    known = form_figures(plan, entrants, make_rows(plan, entrants), EnergyQuestion())

    def forms(*pairs, **more):
        return [
            dataclasses.replace(
                form,
                figures=MappingProxyType(
                    {
                        **form.figures,
                        "subset_accuracy": None if math.isnan(accuracy) else Interval(accuracy, None, 1),
                        "latency_s": None if math.isnan(latency_s) else Interval(latency_s, None, 1),
                        **{name: Interval(values[number], None, 1) for name, values in more.items()},
                    }
                ),
            )
            for number, (form, (accuracy, latency_s)) in enumerate(zip(known, pairs, strict=False))
        ]

    return forms


def by_purpose(found):
    return {one.purpose: one for one in recommend(found)}


def test_each_purpose_has_its_own_choice(make):
    found = make((0.90, 0.1), (0.80, 0.011), (0.50, 0.01), inference_efficiency_per_kg=(1.0, 5.0, 9.0))
    chosen = by_purpose(found)
    assert {purpose: one.choice for purpose, one in chosen.items()} == {
        "most accurate": f"small (from scratch), {FORMS[0].name}",
        "most efficient": f"small (from scratch), {FORMS[2].name}",
        "best balance": f"small (from scratch), {FORMS[1].name}",
    }
    assert chosen["most accurate"].reason == "90.0 % of the test documents right in all labels, ± 2.0 %"
    assert chosen["best balance"].reason.endswith("80.0 % at 11 ms a document")
    assert all(not one.ties for one in chosen.values())


def test_what_the_error_bars_do_not_tell_apart_is_named(make):
    found = by_purpose(make((0.90, 0.1), (0.89, 0.1), (0.5, 0.01)))["most accurate"]
    assert found.ties == (f"small (from scratch), {FORMS[1].name}",)
    assert found.text.endswith(f"not told apart from small (from scratch), {FORMS[1].name}.")


def test_efficiency_without_co2e_is_that_of_core_hours_and_says_so(make):
    found = by_purpose(make((0.9, 0.1), (0.8, 0.1), inference_accuracy_per_core_hour=(5.0, 500.0)))
    assert found["most efficient"].choice.endswith(FORMS[1].name)
    assert "as no CO2e is known" in found["most efficient"].reason


def test_nearly_equal_efficiencies_are_a_tie(make):
    found = by_purpose(make((0.9, 0.1), (0.9, 0.1), inference_efficiency_per_kg=(100.0, 101.0)))
    assert len(found["most efficient"].ties) == 1


def test_equal_accuracies_are_balanced_by_latency_alone(make):
    found = by_purpose(make((0.9, 0.1), (0.9, 0.05)))["best balance"]
    assert found.choice.endswith(FORMS[1].name)


def test_without_scores_nothing_is_recommended(make):
    assert recommend(make((math.nan, 0.1), (math.nan, 0.1))) == ()


def test_one_timed_form_is_no_balance(make):
    assert "best balance" not in by_purpose(make((0.9, 0.1), (0.8, math.nan)))


def test_the_error_of_an_accuracy_holds_documents_and_repeats(make):
    (form,) = make((0.9, 0.1))
    assert accuracy_error(form) == pytest.approx(1.96 * 0.01, rel=1e-3)
    repeated = {**form.figures, "subset_accuracy": Interval(0.9, 0.03, 3)}
    both = dataclasses.replace(form, figures=MappingProxyType(repeated))
    assert accuracy_error(both) == pytest.approx(math.hypot(0.0196, 0.03), rel=1e-3)


def test_a_recommendation_is_a_json_object(make):
    told = recommend(make((0.9, 0.1), (0.5, 0.01)))[0].to_json()
    assert set(told) == {"purpose", "choice", "reason", "ties"}
