from __future__ import annotations

import pytest

from protran.effort import Effort
from protran.effort_amounts import read_effort


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("demo", {"preset": "demo"}),
        ("20 min", {"minutes": 20.0}),
        ("2h", {"minutes": 120.0}),
        ("90s", {"minutes": 1.5}),
        ("60 evaluations", {"low_fidelity_trainings": 60}),
        ("50 gCO2e", {"co2e_g": 50.0}),
        ("1.5kgCO2e", {"co2e_g": 1500.0}),
        ("Quick, 20 min,50 gCO2e", {"preset": "quick", "minutes": 20.0, "co2e_g": 50.0}),
    ],
)
def test_words_and_amounts_are_read(text: str, fields: dict[str, object]) -> None:
    assert read_effort(text) == pytest.approx(fields)


@pytest.mark.parametrize(
    "text", ["5 apples", "demo,,", "", "1 min,2 min", "demo,quick", "0.5 evaluations", "0 evaluations"]
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected [^\n]*; leave one out$|^expected a preset [^\n]*, got [^\n]*$"):
        read_effort(text)


@pytest.mark.parametrize("count", [1, 10, 16, 17, 60, 61])
def test_evaluations_set_the_rounds_that_reach_them(count: int) -> None:
    effort = Effort.model_validate(f"{count} evaluations")
    reached = effort.seed_candidates + effort.search_rounds * effort.search_batch
    assert effort.seed_candidates <= count <= reached < count + effort.search_batch
    assert effort.low_fidelity_trainings == count


def test_an_amount_replaces_the_number_of_its_preset_only() -> None:
    effort, preset = Effort.model_validate("quick,20 min"), Effort.model_validate("quick")
    assert effort.minutes == 20
    assert effort.model_dump(exclude={"minutes"}) == preset.model_dump(exclude={"minutes"})
