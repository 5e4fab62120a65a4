from __future__ import annotations

import pytest

from device_agents.measurement import Provenance
from protran.campaign.events import Note
from protran.campaign.limits import check_limits, emitted, spent
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import Stage
from protran.config import CampaignConfig, config_from_arguments
from protran.errors import CampaignError, InputError

GRID = {"intensity": 360.0, "estimate_energy": True}  # 1 g is 10 kJ
SEEN = JobUsage("2026-11-26T10:00:00+00:00", 1000.0, 900.0, 900.0, (5.0, 10.0), "pi")  # 5 to 10 kJ
UNSEEN = JobUsage("2026-11-26T10:00:00+00:00", 1000.0, 900.0, 900.0)


def config(effort: str, **fields: object) -> CampaignConfig:
    return config_from_arguments({"name": "c", "space": "edge-small", "task": "watch", "effort": effort, **fields})


def usage(*jobs: JobUsage) -> CampaignUsage:
    return CampaignUsage({Stage.TRAINING: StageUsage(jobs), Stage.INFERENCE: StageUsage()})


def never() -> CampaignUsage:
    raise AssertionError("nobody asked for grams")


def test_minutes_are_used_up_when_they_have_passed() -> None:
    assert spent(config("standard,2 min"), 120.0, never) is None
    assert spent(config("standard,2 min"), 121.0, never) == "2.02 of 2 minutes are used"


def test_without_a_limit_nothing_is_used_up() -> None:
    assert spent(config("standard"), 1e9, never) is None


def test_grams_are_used_up_when_the_upper_end_of_their_range_is() -> None:
    assert spent(config("1.01 gCO2e", grid=GRID), 0.0, lambda: usage(SEEN)) is None
    assert spent(config("1 gCO2e", grid=GRID), 0.0, lambda: usage(SEEN)) == (
        "0.5 to 1 of 1 g CO2e are used (estimated-calibrated)"
    )


def test_before_anything_ran_no_gram_is_used() -> None:
    assert spent(config("1 gCO2e", grid=GRID), 0.0, usage) is None


def test_the_building_counts() -> None:
    emission = emitted(config("1 gCO2e", grid={**GRID, "pue": 2.0}), usage(SEEN))
    assert emission is not None
    assert (emission.low_g, emission.high_g) == pytest.approx((1.0, 2.0))
    assert emission.provenance is Provenance.ESTIMATED_CALIBRATED


def test_grams_that_nobody_can_know_are_refused_before_anything_is_recorded() -> None:
    with pytest.raises(InputError, match=r"^effort of 5 g CO2e: no sensor sees .*--estimate-energy"):
        check_limits(config("5 gCO2e", grid={"intensity": 360.0}))
    check_limits(config("5 gCO2e", grid=GRID))
    check_limits(config("5 min"))


def test_work_without_a_known_energy_stops_a_campaign_that_counts_grams() -> None:
    with pytest.raises(CampaignError, match="no sensor sees"):
        spent(config("5 gCO2e", grid={"intensity": 360.0}), 0.0, lambda: usage(UNSEEN))


def test_grams_need_a_grid() -> None:
    with pytest.raises(InputError, match=r"needs to know what feeds the machines, got no grid; add --country"):
        config("5 gCO2e")


@pytest.mark.parametrize("grid", [{}, {"country": "DE", "intensity": 3.0}])
def test_a_grid_is_a_country_or_an_intensity(grid: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^grid: expected a country or an intensity in g/kWh, one of them$"):
        config("5 gCO2e", grid=grid)


def test_a_country_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match=r"^country must be a code"):
        check_limits(config("5 gCO2e", grid={"country": "Atlantis", "estimate_energy": True}))


def test_a_campaign_whose_grams_are_used_up_verifies_what_it_found_and_says_so(bench) -> None:
    effort = {"preset": "demo", "seed_candidates": 4, "verify_limit": 2, "verify_seeds": 1, "co2e_g": 1e-9}
    front = bench.run(effort=effort, grid=GRID)
    assert front.candidates
    notes = [event.text for event in bench.events if isinstance(event, Note)]
    assert any("of 1e-09 g CO2e are used (estimated-generic): the search ends" in text for text in notes)
    with bench.ledger() as ledger:
        phases = [step.phase for step in ledger.steps(ledger.campaign("invented").id)]
    assert phases == ["seed", "verify"]
