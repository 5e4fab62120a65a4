from __future__ import annotations

import pytest

from device_agents.measurement import Provenance
from device_agents.meters.energy_range import UNAVAILABLE_ENERGY
from device_agents.meters.estimate import GENERIC_WATTS
from protran.campaign.usage import CampaignUsage, JobUsage, StageUsage, busy_s
from protran.carbon.footprint import MEMORY_W_PER_GB, Stage
from protran.errors import InputError

READ = JobUsage("2026-11-26T10:00:00Z", 30.0, 10.0, 30.0, power_w=(2.0, 5.0), device_identity="pi")
UNREAD = JobUsage("2026-11-26T10:01:00+00:00", 60.0, 20.0, 60.0, device_identity="pi")


def test_energy_of_a_job_that_a_sensor_saw_lies_between_idle_and_busy_and_is_no_reading() -> None:
    energy = READ.energy(estimate=False)
    assert (energy.low_j, energy.high_j) == (60.0, 150.0)
    assert energy.provenance is Provenance.ESTIMATED_CALIBRATED


def test_an_idle_power_above_the_busy_one_makes_no_range_from_high_to_low() -> None:
    energy = JobUsage("", 10.0, 1.0, 2.0, power_w=(5.0, 4.0)).energy(estimate=False)
    assert (energy.low_j, energy.high_j) == (40.0, 50.0)


def test_no_sensor_means_no_joules_unless_an_estimate_is_asked_for() -> None:
    assert UNREAD.energy(estimate=False) == UNAVAILABLE_ENERGY
    energy = UNREAD.energy(estimate=True)
    assert energy.low_j == pytest.approx(20 * GENERIC_WATTS.low_w)
    assert energy.high_j == pytest.approx(60 * GENERIC_WATTS.high_w)
    assert energy.provenance is Provenance.ESTIMATED_GENERIC


def test_an_estimate_never_replaces_what_a_sensor_saw() -> None:
    assert READ.energy(estimate=True) == READ.energy(estimate=False)


def test_one_job_without_energy_leaves_the_stage_without_for_a_part_is_no_sum() -> None:
    stage = StageUsage((READ, UNREAD))
    assert stage.energy(estimate=False) == UNAVAILABLE_ENERGY
    mixed = stage.energy(estimate=True)
    assert mixed.low_j == pytest.approx(60 + 20 * GENERIC_WATTS.low_w)
    assert mixed.provenance is Provenance.ESTIMATED_GENERIC


def test_seconds_of_a_stage_are_sums() -> None:
    stage = StageUsage((READ, UNREAD))
    assert (stage.wall_s, stage.core_seconds) == (90.0, (30.0, 90.0))


def test_a_stage_without_jobs_has_no_energy() -> None:
    assert StageUsage().energy(estimate=True) == UNAVAILABLE_ENERGY


def _ran(*spans: tuple[str, float]) -> list[JobUsage]:
    return [JobUsage(stamp and f"2026-11-26T10:{stamp}Z", wall_s, 0.0, wall_s) for stamp, wall_s in spans]


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ((("00:00", 10.0), ("00:20", 10.0)), 20.0),
        ((("00:05", 10.0), ("00:00", 10.0)), 15.0),
        ((("00:00", 60.0), ("00:10", 5.0), ("00:50", 20.0)), 70.0),
        ((("", 10.0), ("", 10.0), ("00:00", 1.0)), 21.0),
        ((), 0.0),
    ],
)
def test_jobs_that_ran_at_once_keep_the_machine_busy_once(spans, seconds) -> None:
    assert busy_s(_ran(*spans)) == pytest.approx(seconds)


def test_memory_is_that_of_each_machine_while_something_ran_there() -> None:
    nano = JobUsage("2026-11-26T10:00:00Z", 10.0, 1.0, 1.0, device_identity="nano")
    usage = CampaignUsage({Stage.INFERENCE: StageUsage((READ, nano))}, memory_bytes={"pi": 4e9, "nano": 2e9})
    energy = usage.memory_energy(Stage.INFERENCE)
    assert energy.low_j == energy.high_j == pytest.approx(MEMORY_W_PER_GB * (4 * 30 + 2 * 10))


@pytest.mark.parametrize(("identity", "words"), [("pi", "the device pi"), (None, "the machine that trained")])
def test_memory_that_nobody_wrote_down_is_not_made_up(identity, words) -> None:
    job = JobUsage("", 1.0, 1.0, 1.0, device_identity=identity)
    with pytest.raises(InputError, match=words):
        CampaignUsage({Stage.TRAINING: StageUsage((job,))}).memory_energy(Stage.TRAINING)
