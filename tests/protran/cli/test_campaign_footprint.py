from __future__ import annotations

import pytest

from device_agents.meters.estimate import GENERIC_WATTS
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage
from protran.carbon.footprint import MEMORY_W_PER_GB, Stage
from protran.carbon.grid import Grid
from protran.carbon.intensity import own_intensity
from protran.cli.campaign_footprint import CampaignFootprint
from protran.errors import InputError

KWH_J = 3.6e6
TRAINING = JobUsage("2026-11-26T10:00:00Z", 12.0, 10.0, 10.0)
READ = JobUsage("2026-11-26T11:00:00Z", 30.0, 6.0, 30.0, (2.0, 5.0), "pi")
GRID = Grid(own_intensity(KWH_J / 1000), 2.0)  # so that a joule is 2 mg
STAGES = {Stage.TRAINING: StageUsage((TRAINING,)), Stage.INFERENCE: StageUsage((READ,))}
USAGE = CampaignUsage(STAGES, memory_bytes={None: 10e9, "pi": 1e9})


def test_training_and_inference_are_told_apart_and_a_part_is_no_total() -> None:
    told = CampaignFootprint(USAGE, GRID).to_json()
    assert told["stages"]["training"] == {
        "jobs": 1,
        "untimed": 0,
        "wall_s": 12.0,
        "core_seconds": {"low": 10.0, "high": 10.0},
        "energy": {
            "low_j": None,
            "high_j": None,
            "provenance": "unavailable",
            "source": "no sensor saw all of it; --estimate-energy gives a range",
        },
    }
    parts, total = told["carbon"]["parts"], told["carbon"]["total"]
    assert parts["training"]["emission"]["provenance"] == total["provenance"] == "unavailable"
    emission = parts["inference"]["emission"]
    assert (emission["low_g"], emission["high_g"]) == (pytest.approx(0.12), pytest.approx(0.30))
    assert emission["provenance"] == "estimated-calibrated"


def test_an_estimate_fills_in_only_where_no_sensor_saw_anything() -> None:
    told = CampaignFootprint(USAGE, GRID, estimate=True).to_json()
    training, inference = (told["stages"][stage]["energy"] for stage in ("training", "inference"))
    assert (training["low_j"], training["high_j"]) == (10 * GENERIC_WATTS.low_w, 10 * GENERIC_WATTS.high_w)
    assert (training["provenance"], inference["provenance"]) == ("estimated-generic", "estimated-calibrated")
    assert told["carbon"]["total"]["provenance"] == "estimated-generic"


def test_the_memory_term_is_added_where_there_is_an_energy_and_makes_it_an_estimate() -> None:
    told = CampaignFootprint(USAGE, GRID, memory_term=True).to_json()
    training, inference = (told["stages"][stage]["energy"] for stage in ("training", "inference"))
    assert training["low_j"] is None
    assert inference["low_j"] == pytest.approx(60 + MEMORY_W_PER_GB * 30)
    assert inference["provenance"] == "estimated-generic"


def test_the_memory_term_of_a_machine_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="the machine that trained"):
        CampaignFootprint(CampaignUsage(STAGES), GRID, estimate=True, memory_term=True).rows()


def test_the_words_name_grid_work_energy_and_grams() -> None:
    rows = dict(CampaignFootprint(USAGE, GRID, estimate=True).rows())
    assert rows["grid"] == "3600 g/kWh (own value), PUE 2"
    assert rows["training"] == "1 training, 12 s, 10 core-seconds"
    assert rows["inference"] == "1 profile, 30 s, 6 to 30 core-seconds"
    assert rows["training energy"].startswith("8 J to 238 J, estimated-generic: ")
    assert rows["training CO2e"] == "16 mg to 476 mg, estimated-generic"
    assert rows["inference CO2e"] == "120 mg to 300 mg, estimated-calibrated"
    assert rows["CO2e"] == "136 mg to 776 mg, estimated-generic"


def test_the_source_of_an_energy_names_whatever_is_in_it() -> None:
    mixed = CampaignUsage({Stage.INFERENCE: StageUsage((READ, TRAINING))}, memory_bytes={None: 1e9, "pi": 1e9})
    rows = dict(CampaignFootprint(mixed, None, estimate=True, memory_term=True).rows())
    assert rows["inference energy"].endswith(
        ": idle to busy power as the device's sensor saw it x seconds, and core-seconds x 0.8 to 23.8 W per core, "
        "and memory at 0.3725 W per GB"
    )
    assert dict(CampaignFootprint(USAGE).rows())["inference energy"].endswith("saw it x seconds")


def test_what_is_left_out_is_said() -> None:
    stages = {Stage.TRAINING: StageUsage((), 2), Stage.INFERENCE: StageUsage((), 0)}
    rows = dict(CampaignFootprint(CampaignUsage(stages, reused=1, simulated=3), GRID).rows())
    assert rows["training"] == "nothing ran here"
    assert rows["not counted"] == (
        "2 failed trainings whose seconds nobody knows; 1 answer that another campaign paid for; "
        "3 profiles of simulated devices"
    )
    assert "CO2e" not in rows


def test_without_a_grid_there_are_joules_and_no_grams() -> None:
    footprint = CampaignFootprint(USAGE, None, estimate=True)
    assert footprint.to_json()["carbon"] is None
    rows = dict(footprint.rows())
    assert rows["grid"] == "none named; --country DE or --grid-intensity G does"
    assert "training energy" in rows
    assert not any("CO2e" in label for label in rows)
