from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from device_agents.measurement import Measurement, MeasurementStatus
from protran.campaign.events import CampaignOpened, FrontChanged, Note, ProfileDone, StepStarted, WaitBegan
from protran.campaign.phase import Phase
from protran.cli.progress import JobCount, Progress, duration
from search_spaces.presets import preset


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def opened(**fields: Any) -> CampaignOpened:
    plan = {"profiles_done": 0, "profiles_planned": 10, "trainings_done": 0, "trainings_planned": 4}
    return CampaignOpened(name="demo", resumed=False, **{**plan, **fields})


def test_the_time_left_is_unknown_until_one_job_of_each_kind_is_done() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.observe(opened())
    assert progress.time_left_s() is None
    clock.now_s += 2
    progress.profiles.finish(2.0, ok=True)
    assert progress.time_left_s() is None
    clock.now_s += 8
    progress.trainings.finish(8.0, ok=True)
    assert progress.time_left_s() == pytest.approx(9 * 2.0 + 3 * 8.0)


def test_trainings_that_run_at_once_shorten_the_time_left() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.observe(opened(profiles_planned=0))
    clock.now_s += 8
    for _ in range(2):
        progress.trainings.finish(8.0, ok=True)
    assert progress.time_left_s() == pytest.approx(8.0)


def test_a_wait_for_low_carbon_hours_says_until_when_and_does_not_count_as_work() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.observe(opened(profiles_planned=0))
    clock.now_s += 8
    progress.trainings.finish(8.0, ok=True)
    before_s = progress.time_left_s()
    wait = WaitBegan(datetime(2026, 11, 27, tzinfo=UTC), 3600.0)
    progress.observe(wait)
    for waited_s, waiting in ((1000.0, wait), (2600.0, None)):
        clock.now_s += waited_s
        assert progress.waiting is waiting
        assert progress.time_left_s() == pytest.approx(before_s)
    clock.now_s += 8
    progress.observe(Note("going on"))
    assert progress.waiting is None
    assert (progress.waited_s, progress.elapsed_s) == (3600.0, 3616.0)


def test_only_what_ran_in_this_process_predicts_the_rest_after_a_resume() -> None:
    progress = Progress(Clock())
    progress.observe(opened(profiles_done=10, trainings_done=4))
    assert progress.share() == 1.0
    progress.observe(opened(profiles_done=6, trainings_done=2))
    assert progress.share() == pytest.approx(8 / 14)
    assert progress.time_left_s() is None


def test_the_verify_phase_knows_exactly_what_is_left() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.observe(opened(profiles_done=6, trainings_done=2))
    progress.observe(StepStarted(Phase.VERIFY, 9, profiles=0, trainings=2))
    clock.now_s += 8
    progress.trainings.finish(8.0, ok=True)
    assert progress.time_left_s() == pytest.approx(8.0)
    progress.trainings.finish(8.0, ok=True)
    assert progress.share() == 1.0


def test_failures_are_counted() -> None:
    progress = Progress()
    progress.profiles.finish(1.0, ok=False)
    progress.trainings.finish(1.0, ok=True)
    assert (progress.failed, progress.profiles.done) == (1, 1)


def test_a_rejected_profile_is_neither_done_nor_failed() -> None:
    progress = Progress()
    for status in (MeasurementStatus.REJECTED, MeasurementStatus.OK):
        measurement = Measurement("r", "d", status)
        progress.observe(ProfileDone(preset("bert-tiny")[0], measurement, "local", 1.0))
    assert (progress.failed, progress.profiles.done) == (0, 1)


def test_more_jobs_than_planned_do_not_make_the_share_exceed_one() -> None:
    progress = Progress()
    progress.profiles = JobCount(done=12, planned=10)
    assert (progress.share(), progress.profiles.left_s()) == (1.0, 0.0)


def test_phase_front_and_the_last_notes_are_remembered() -> None:
    progress = Progress()
    progress.observe(StepStarted(Phase.SEARCH, 3, 4, 4))
    for number in range(5):
        progress.observe(Note(f"note {number}"))
    front: Any = object()
    progress.observe(FrontChanged(front, verified=True))
    assert (progress.phase, progress.step, progress.verified) == (Phase.SEARCH, 3, True)
    assert list(progress.notes) == ["note 2", "note 3", "note 4"]
    assert progress.front is front


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (7384, "2:03:04"), (-3, "0:00"), (59.6, "1:00")]
)
def test_a_duration_is_written_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text
