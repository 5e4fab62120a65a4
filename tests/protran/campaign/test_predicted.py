from __future__ import annotations

import pytest
from finished_pair import known_pair

from protran.campaign.findings import Findings
from protran.campaign.front_query import FrontQuery, answered
from protran.campaign.known_campaign import KnownCampaign
from protran.campaign.predicted import predicted_front
from protran.errors import InputError
from protran.front import Front


@pytest.fixture
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownCampaign:
    return known_pair(tmp_path_factory)[0]


def sources(front: Front, name: str) -> set[str]:
    return {item.values[name].provenance.value for item in front.candidates}


def test_nothing_that_was_measured_stands_in_a_predicted_front(known) -> None:
    front = predicted_front(known, FrontQuery())
    assert front.candidates
    assert (sources(front, "error"), sources(front, "latency_s")) == ({"predicted"}, {"predicted"})
    assert sources(front, "memory_bytes") == {"exact"}
    assert all(item.values["latency_s"].stderr > 0 for item in front.candidates)
    assert "nothing here was measured" in front.notes[0]


def test_predictions_of_what_was_measured_are_near_the_measurements(known) -> None:
    predicted = {item.candidate.key: item for item in predicted_front(known, FrontQuery()).candidates}
    both = [item for item in answered(known, FrontQuery()).candidates if item.candidate.key in predicted]
    assert both
    for item in both:
        assert predicted[item.candidate.key].number("latency_s") == pytest.approx(item.number("latency_s"), rel=0.1)


def test_a_fresh_sample_stands_beside_the_searched_ones_and_belongs_to_nobody(known) -> None:
    front = predicted_front(known, FrontQuery(), samples=40)
    assert any(item.campaigns == () for item in front.candidates)
    for item in front.candidates:
        assert item.campaigns == (("first",) if item.candidate.key in known.findings.candidates else ())


def test_the_same_question_has_the_same_answer(known) -> None:
    one, two = (predicted_front(known, FrontQuery(), samples=10).to_json() for _ in range(2))
    assert one == two


def test_too_few_rows_predict_nothing(known) -> None:
    import dataclasses

    with pytest.raises(InputError, match="two or more values of every objective to predict from"):
        predicted_front(dataclasses.replace(known, findings=Findings()), FrontQuery())


@pytest.mark.parametrize("samples", [-1, 100_001])
def test_a_number_of_samples_that_cannot_be_had_is_refused(known, samples: int) -> None:
    with pytest.raises(InputError, match="samples must be a number from 0"):
        predicted_front(known, FrontQuery(), samples=samples)
