from __future__ import annotations

import pytest

from protran.campaign.page.carbon import NO_SENSOR, carbon_of
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import Stage
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.config import config_from_arguments

SEEN = JobUsage("", 10.0, 1.0, 10.0, power_w=(2.0, 5.0))
UNSEEN = JobUsage("", 10.0, 4.0, 8.0)
CONFIG = config_from_arguments({"name": "x", "space": "edge-small", "task": "watch"})
GRID = Grid(own_intensity(360.0), 1.0)


def usage(*jobs: JobUsage, untimed: int = 0) -> CampaignUsage:
    return CampaignUsage({Stage.TRAINING: StageUsage(jobs, untimed), Stage.INFERENCE: StageUsage()}, reused=2)


def test_without_a_sensor_there_are_no_joules_and_no_grams() -> None:
    found = carbon_of(usage(UNSEEN, untimed=1), CONFIG, GRID)
    training, inference = found["stages"]
    assert training["energy"] == {"low_j": None, "high_j": None, "provenance": "unavailable"}
    assert (training["source"], training["untimed"], training["wall_s"]) == (NO_SENSOR, 1, 10.0)
    assert training["core_seconds"] == {"low": 4.0, "high": 8.0}
    assert (inference["energy"], inference["source"]) == (None, "nothing ran here")
    assert found["footprint"]["total"]["low_g"] is None
    assert found["reused"] == 2


def test_an_estimate_is_asked_for_and_says_so() -> None:
    found = carbon_of(usage(UNSEEN, SEEN), CONFIG, GRID, estimate=True)
    assert found["stages"][0]["energy"]["provenance"] == "estimated-generic"
    assert "W per core" in found["stages"][0]["source"]
    assert "sensor" in found["stages"][0]["source"]


def test_grams_are_energy_times_the_intensity_of_the_grid() -> None:
    total = carbon_of(usage(SEEN), CONFIG, GRID)["footprint"]["total"]
    assert (total["low_g"], total["high_g"]) == (pytest.approx(20.0 * 1e-4), pytest.approx(50.0 * 1e-4))


def test_a_grid_that_the_campaign_names_itself_is_used() -> None:
    config = config_from_arguments({**CONFIG.to_json(), "grid": {"country": "DE", "estimate_energy": True}})
    found = carbon_of(usage(UNSEEN), config)
    assert found["estimated"]
    assert found["footprint"]["total"]["high_g"] > 0
    assert carbon_of(usage(SEEN), CONFIG)["footprint"] is None
