from __future__ import annotations

import pytest
from pydantic import ValidationError

from protran.effort import Effort, EffortPreset


def test_a_preset_gives_the_numbers_that_are_not_given() -> None:
    effort = Effort.model_validate({"preset": "demo", "search_rounds": 1})
    assert effort.search_rounds == 1
    assert effort.verify_limit == Effort.model_validate("demo").verify_limit


@pytest.mark.parametrize("preset", list(EffortPreset))
def test_an_effort_survives_json_whatever_its_preset_becomes(preset: EffortPreset) -> None:
    effort = Effort.model_validate({"preset": preset, "seed_candidates": 5, "minutes": None})
    assert Effort.model_validate(effort.model_dump(mode="json")) == effort


def test_presets_rise_in_effort() -> None:
    planned = [Effort.model_validate(preset).trainings_planned for preset in EffortPreset]
    assert planned == sorted(set(planned))


def test_the_plan_counts_every_phase() -> None:
    effort = Effort(
        seed_candidates=4, learn_profiles=6, search_rounds=2, search_batch=3, verify_limit=5, verify_seeds=2
    )
    assert effort.profiles_planned == 4 + 6 + 2 * 3 + 5
    assert effort.trainings_planned == 4 + 2 * (3 + 1) + 2 * 5 * 2


def test_profiles_beside_the_trainings_of_a_round_show_in_the_plan() -> None:
    probed = Effort(search_rounds=3, probe_profiles=4)
    plain = Effort(search_rounds=3, probe_profiles=0)
    assert probed.profiles_planned == plain.profiles_planned + 3 * 4
    assert probed.trainings_planned == plain.trainings_planned


def test_an_effort_that_was_written_before_there_were_probes_and_stops_has_none() -> None:
    older = Effort.model_validate("standard").model_dump(mode="json")
    del older["probe_profiles"], older["early_stopping"]
    effort = Effort.model_validate(older)
    assert (effort.probe_profiles, effort.early_stopping) == (0, False)


def test_a_limit_on_cheap_trainings_shows_in_the_plan() -> None:
    effort = Effort(
        seed_candidates=4, search_rounds=2, search_batch=3, low_fidelity_trainings=7, verify_limit=5, verify_seeds=2
    )
    assert effort.trainings_planned == 7 + 2 + 2 * 5 * 2


@pytest.mark.parametrize("wrong", [{"preset": "fast"}, {"seed_candidates": 0}, {"minutes": 0}, {"target_error": 1}, 3])
def test_numbers_that_make_no_sense_are_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Effort.model_validate(wrong)
