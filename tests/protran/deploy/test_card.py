from __future__ import annotations

import dataclasses

import pytest
from deployable_waves import INT8, SECONDS

from device_agents.measurement import Provenance, Value
from protran.carbon.footprint import Emission
from protran.deploy.card import model_card
from protran.deploy.deployable import SearchCost
from protran.deploy.exported import Exported
from protran.deploy.format import Format
from protran.deploy.verification import Verification
from protran.tasks.registry import task_from_reference
from protran.training.normalisation import Normalisation
from search_spaces.candidate import Candidate


@pytest.fixture
def card(trained, tmp_path):
    """Writes the card of an export that has these attributes."""
    plain = trained()

    def write(deployable=plain, **changes):
        exported = Exported(
            tmp_path,
            Format.ONNX,
            deployable,
            deployable.member.candidate,
            Normalisation((0.0,) * 3, (1.0,) * 3),
            kept=True,
            verification=Verification(40, 30, 0.75, "ledger"),
        )
        data = task_from_reference(deployable.request.task).load()
        return " ".join(model_card(dataclasses.replace(exported, **changes), data).split())

    return write


def test_it_has_the_score_the_figures_and_where_they_come_from(card, trained):
    text = card()
    assert "30 of 40 test windows right, 75.00 %" in text
    assert r"| latency on pi\<i\> | 1.200 ± 0.020 ms | measured-counter |" in text
    assert r"| energy on pi\<i\> | - | unavailable |" in text
    assert f"training {trained().request.training_key}, seed 1" in text
    assert r"| pi\<i\> | 0123456789abcdef | A\|B, 4 cores |" in text


def test_names_of_users_act_in_no_way(card):
    text = card()
    # indented lines are code, where Markdown shows everything as it is; elsewhere each < of a name is escaped
    assert r"\<script\>alert(1)\</script\>" in text
    assert r"waves\_of\_\<b\>" in text
    assert r"(http\://x)\\n\# \\x1b" in text
    assert "\x1b" not in text


def test_what_was_fitted_to_is_told_by_person(card):
    text = card()
    assert "| set | windows | people | recordings |" in text
    assert "Nobody of the test set is in the data that the model was fitted to" in text


def test_a_file_that_runs_otherwise_has_no_latency_unless_it_was_measured(card, trained):
    other = Candidate(trained().member.candidate.architecture, INT8)
    assert "its latency and energy were not measured" in card(candidate=other)
    known = {other.key: {"latency_s@pi<i>": Value(0.0005, 0.00001, SECONDS)}}
    text = card(dataclasses.replace(trained(), measured=known), candidate=other)
    assert "not measured" not in text
    assert "0.500 ± 0.010 ms" in text or "500 ± 10 us" in text


def test_a_wrong_score_is_the_first_thing_said(card):
    text = card(verification=Verification(40, 10, 0.75, "ledger"))
    assert text.index("DO NOT USE") < text.index("## Use")
    assert "NOT the same within one window" in text


def test_the_cost_of_the_search_is_told_as_far_as_it_is_known(card, trained):
    assert "100 to 120 core-seconds. 3 of its answers come from other campaigns" in card()
    assert "footprint is not known" in card()
    known = SearchCost((100.0, 100.0), Emission(1.5, 2.5, Provenance.ESTIMATED_GENERIC))
    text = card(dataclasses.replace(trained(), cost=known))
    assert "used 100 core-seconds. It emitted 1.5 to 2.5 g of CO2e (estimated-generic)" in text
    assert "What the search used is not known" in card(dataclasses.replace(trained(), cost=None))
