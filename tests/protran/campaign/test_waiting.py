"""Waiting for low-carbon hours, on a fake clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fake_day import FakeDay

from device_agents.fleet.base import TaskJob
from protran.campaign import campaign as campaign_module
from protran.campaign.campaign import ELAPSED, HURRY
from protran.campaign.events import CampaignOpened, StepStarted, TrainingDone, WaitBegan
from protran.campaign.waiting import LONGEST_SLEEP_S, LowHoursWait, PatientDispatcher
from protran.carbon.hours import LowHours
from protran.carbon.schedule import Schedule

NIGHT = LowHours(Schedule(tuple(50.0 if hour < 4 else 400.0 for hour in range(24))), 4, UTC)
SMALL = {
    "seed_candidates": 3,
    "learn_profiles": 0,
    "search_rounds": 1,
    "search_batch": 1,
    "verify_limit": 1,
    "verify_seeds": 1,
}


def test_it_is_told_once_until_when_and_then_waited() -> None:
    day, told = FakeDay("2026-11-26T22:30:00"), []
    wait = LowHoursWait(NIGHT, now=day.now, sleep=day.sleep)
    wait.wait(told.append)
    assert told == [WaitBegan(datetime(2026, 11, 27, tzinfo=UTC), 5400.0)]
    assert day.time == datetime(2026, 11, 27, tzinfo=UTC)
    assert wait.waited_s == 5400


def test_within_a_low_hour_nobody_waits_and_nothing_is_told() -> None:
    day, told = FakeDay("2026-11-26T03:59:59"), []
    LowHoursWait(NIGHT, now=day.now, sleep=day.sleep).wait(told.append)
    assert (day.slept, told) == ([], [])


def test_the_clock_is_read_often_so_that_a_suspended_computer_goes_on_in_time() -> None:
    def suspend(day: FakeDay) -> None:
        if len(day.slept) == 2:
            day.time += timedelta(hours=3)

    day = FakeDay("2026-11-26T21:00:00", suspend)
    wait = LowHoursWait(NIGHT, now=day.now, sleep=day.sleep)
    wait.wait(lambda event: None)
    assert day.slept == [LONGEST_SLEEP_S] * 3
    assert wait.waited_s == 3 * LONGEST_SLEEP_S


def test_an_interrupt_ends_the_wait_at_once() -> None:
    def interrupt(day: FakeDay) -> None:
        if day.slept:
            raise KeyboardInterrupt

    day = FakeDay("2026-11-26T12:00:00", interrupt)
    with pytest.raises(KeyboardInterrupt):
        LowHoursWait(NIGHT, now=day.now, sleep=day.sleep).wait(lambda event: None)
    assert len(day.slept) == 1


def test_what_has_begun_is_finished_in_any_hour_and_the_next_work_waits(bench) -> None:
    day, told = FakeDay("2026-11-26T23:00:00"), []
    inner = bench.Dispatcher()
    patient = PatientDispatcher(inner, LowHoursWait(NIGHT, now=day.now, sleep=day.sleep), told.append)
    patient.submit(TaskJob("first", "nowhere", {}))
    day.time += timedelta(hours=6)
    patient.submit(TaskJob("second", "nowhere", {}))
    assert (patient.pending(), len(told)) == (2, 1)
    assert patient.devices() == inner.devices()
    patient.close()
    assert patient.pending() == 0
    patient.submit(TaskJob("third", "nowhere", {}))
    assert len(told) == 2


def _kinds(events) -> list[type]:
    return [type(event) for event in events if isinstance(event, StepStarted | WaitBegan)]


def test_a_campaign_waits_after_it_says_what_is_due_and_before_it_asks_for_it(bench) -> None:
    day = FakeDay("2026-11-26T12:00:00")
    bench.run(effort=SMALL, wait=LowHoursWait(NIGHT, now=day.now, sleep=day.sleep))
    assert isinstance(bench.events[0], CampaignOpened)
    assert _kinds(bench.events)[:2] == [StepStarted, WaitBegan]
    assert _kinds(bench.events).count(WaitBegan) == 1  # the invented work takes no time, so it stays night


def test_each_step_that_begins_in_other_hours_waits_and_none_in_its_middle(bench) -> None:
    day = FakeDay("2026-11-26T12:00:00")

    def morning(event) -> None:
        bench.events.append(event)
        if isinstance(event, TrainingDone):
            day.time = day.time.replace(hour=9)

    bench.run(observer=morning, wait=LowHoursWait(NIGHT, now=day.now, sleep=day.sleep))
    begun, waits = [], []
    for event in bench.events:
        if isinstance(event, StepStarted):
            begun.append(event.phase.value)
        if isinstance(event, WaitBegan):
            waits.append(len(begun) - 1)
    assert begun == ["seed", "learn", "learn", "search", "search", "verify"]
    assert waits == [0, 1, 4, 5]  # the second of learn and the first of search begin in the night of the one before


def test_waiting_changes_neither_the_proposals_nor_the_front(bench, tmp_path) -> None:
    other = type(bench)(tmp_path / "other")
    expected = other.run(effort=SMALL)
    day = FakeDay("2026-11-26T12:00:00")
    assert bench.run(effort=SMALL, wait=LowHoursWait(NIGHT, now=day.now, sleep=day.sleep)) == expected
    with bench.ledger() as here, other.ledger() as there:
        assert here.campaign("invented").config == there.campaign("invented").config
        requests = [
            [(row.request, row.evaluation and row.evaluation.training_key) for row in ledger.rows(1)]
            for ledger in (here, there)
        ]
    assert requests[0] == requests[1]


def test_an_interrupted_wait_leaves_a_campaign_that_waits_again_and_goes_on(bench) -> None:
    def interrupt(day: FakeDay) -> None:
        raise KeyboardInterrupt

    evening = FakeDay("2026-11-26T20:00:00", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.run(effort=SMALL, wait=LowHoursWait(NIGHT, now=evening.now, sleep=evening.sleep))
    bench.events.clear()
    later = FakeDay("2026-11-26T21:00:00")
    assert bench.run(effort=SMALL, wait=LowHoursWait(NIGHT, now=later.now, sleep=later.sleep)).candidates
    assert bench.events[0].resumed
    assert _kinds(bench.events)[:2] == [StepStarted, WaitBegan]


def test_a_campaign_with_nothing_left_to_do_waits_for_nothing(bench) -> None:
    first = bench.run(effort=SMALL)
    bench.events.clear()
    day = FakeDay("2026-11-26T12:00:00")
    assert bench.run(effort=SMALL, wait=LowHoursWait(NIGHT, now=day.now, sleep=day.sleep)) == first
    assert day.slept == []


def test_waiting_does_not_use_up_the_minutes_of_the_effort(bench, monkeypatch) -> None:
    day = FakeDay("2026-11-26T12:00:00")

    def seconds() -> float:
        return day.time.timestamp()

    monkeypatch.setattr(campaign_module, "time", SimpleNamespace(process_time=time.process_time, monotonic=seconds))
    bench.run(effort={**SMALL, "minutes": 30}, wait=LowHoursWait(NIGHT, now=day.now, sleep=day.sleep))
    with bench.ledger() as ledger:
        steps = ledger.steps(ledger.campaign("invented").id)
    assert [(step.info[HURRY], step.info[ELAPSED]) for step in steps] == [(False, 0.0)] * 3
