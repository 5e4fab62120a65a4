"""Rejected measurements: made again, as often as is allowed, and never lost."""

from __future__ import annotations

from collections import Counter

import pytest
from invented_dispatcher import Rejection

from device_agents.fleet.base import Job, ProfileJob
from device_agents.measurement import ProfileRequest
from protran.campaign.attempts import ATTEMPT_REPEATS, MOST_ATTEMPTS, attempt_at
from protran.campaign.campaign import Campaign
from protran.campaign.events import CampaignOpened, Note, ProfileDone
from protran.campaign.execute import COOLING_S
from protran.campaign.status import status_of
from protran.campaign.work import VERIFY_REPEAT
from protran.ledger.records import CampaignRow
from search_spaces.sampling import SamplingMethod, sample

SMALL = {
    "seed_candidates": 4,
    "learn_profiles": 0,
    "search_rounds": 1,
    "search_batch": 2,
    "verify_limit": 2,
    "verify_seeds": 1,
}
HOT = Rejection("the device throttled")


def _rejecting(bench, victims, times):
    """Returns a dispatcher that rejects the first measurements of so many profiles of the seed phase."""
    rejected: Counter[str] = Counter()
    keys: list[str] = []

    def spoil(job: Job, answered: int) -> str | None:
        if not isinstance(job, ProfileJob):
            return None
        key = job.request.candidate.key
        if key not in keys and len(keys) < victims:
            keys.append(key)
        if key in keys and rejected[key] < times:
            rejected[key] += 1
            return HOT
        return None

    return bench.Dispatcher(spoil), keys


def _rows(bench, name="invented") -> list[CampaignRow]:
    with bench.ledger() as ledger:
        return [row for row in ledger.rows(ledger.campaign(name).id) if row.measurement is not None]


def _repeats(rows, key) -> list[tuple[int, str]]:
    return [(row.request.repeat, row.measurement.status.value) for row in rows if row.candidate.key == key]


def test_attempts_and_purposes_of_a_profile_never_share_a_request(bench) -> None:
    with bench.ledger() as ledger:
        problem, _ = bench.begin(ledger)
    (candidate,) = sample(problem.space, 1, SamplingMethod.SOBOL, 0)
    identity = problem.devices[0].identity
    asked = [
        attempt_at(ProfileRequest(candidate, problem.input_spec, problem.workload, identity, repeat), attempt)
        for repeat in (0, VERIFY_REPEAT)
        for attempt in range(MOST_ATTEMPTS)
    ]
    assert [request.repeat for request in asked] == [0, 1000, 2000, 1, 1001, 2001]
    assert len({request.request_id for request in asked}) == len(asked)


def test_a_rejected_measurement_is_recorded_and_made_again_as_a_request_of_its_own(bench) -> None:
    dispatcher, keys = _rejecting(bench, victims=1, times=1)
    front = bench.run(dispatcher, effort=SMALL)
    assert front.candidates
    (key,) = keys
    assert _repeats(_rows(bench), key)[:2] == [(0, "rejected"), (ATTEMPT_REPEATS, "ok")]
    assert front.notes == ()


def test_whoever_watches_is_told_why_a_measurement_is_made_again_and_the_device_may_cool(bench) -> None:
    dispatcher, _ = _rejecting(bench, victims=1, times=2)
    bench.run(dispatcher, effort=SMALL)
    notes = [event.text for event in bench.events if isinstance(event, Note)]
    assert notes == [
        "a measurement on local was rejected (the device throttled); it is made again, at most 2 times",
        "a measurement on local was rejected (the device throttled); it is made again, for the last time",
    ]
    assert bench.slept == [COOLING_S, COOLING_S]


def test_where_nothing_is_rejected_nobody_waits(bench) -> None:
    bench.run(effort=SMALL)
    assert bench.slept == []


def test_after_the_last_rejection_the_candidate_is_left_out_and_the_rest_goes_on(bench) -> None:
    dispatcher, keys = _rejecting(bench, victims=1, times=99)
    front = bench.run(dispatcher, effort=SMALL)
    (key,) = keys
    assert _repeats(_rows(bench), key) == [(0, "rejected"), (1000, "rejected"), (2000, "rejected")]
    assert front.candidates
    assert key not in {member.candidate.key for member in front.candidates}
    assert [note for note in front.notes if "1 candidate left out, after 3 measurements" in note]


def test_a_verified_candidate_whose_second_measurement_is_rejected_has_two_good_ones_in_the_end(bench) -> None:
    spoiled: list[str] = []

    def spoil(job: Job, answered: int) -> str | None:
        if isinstance(job, ProfileJob) and job.request.repeat == VERIFY_REPEAT and not spoiled:
            spoiled.append(job.request.candidate.key)
            return HOT
        return None

    front = bench.run(bench.Dispatcher(spoil), effort=SMALL)
    assert _repeats(_rows(bench), spoiled[0]) == [(0, "ok"), (1, "rejected"), (1001, "ok")]
    assert front.candidates


class _Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("after", range(4, 12))
def test_a_campaign_that_is_killed_among_its_attempts_asks_nothing_twice(bench, tmp_path, after) -> None:
    whole = type(bench)(tmp_path / "whole")
    whole.run(_rejecting(whole, victims=2, times=2)[0], effort=SMALL)
    dispatcher, keys = _rejecting(bench, victims=2, times=2)
    spoil = dispatcher._spoil

    def killing(job: Job, answered: int) -> str | None:
        if answered == after:
            raise _Killed
        return spoil(job, answered)

    with pytest.raises(_Killed):
        bench.run(bench.Dispatcher(killing), effort=SMALL)
    bench.run(bench.Dispatcher(spoil), effort=SMALL)
    ids = Counter(row.measurement.request_id for row in _rows(bench))
    assert set(ids.values()) == {1}
    assert set(ids) == {row.measurement.request_id for row in _rows(whole)}
    assert len(keys) == 2


def test_a_campaign_that_is_killed_while_devices_cool_goes_on_with_the_next_attempt(bench) -> None:
    dispatcher, keys = _rejecting(bench, victims=1, times=1)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with bench.ledger() as ledger:
        problem, record = bench.begin(ledger, effort=SMALL)
        with pytest.raises(KeyboardInterrupt):
            Campaign(problem, record, ledger, dispatcher, bench.events.append, sleep=interrupted).run()
    assert bench.run(effort=SMALL).candidates
    assert _repeats(_rows(bench), keys[0])[:2] == [(0, "rejected"), (1000, "ok")]


def test_another_campaign_makes_its_own_attempts_at_what_was_rejected_before(bench) -> None:
    dispatcher, keys = _rejecting(bench, victims=1, times=99)
    bench.run(dispatcher, name="first", effort=SMALL, reuse="all")
    second, again = _rejecting(bench, victims=1, times=1)
    assert bench.run(second, name="second", effort=SMALL, reuse="all").candidates
    assert again == keys
    statuses = [status for _, status in _repeats(_rows(bench, "second"), keys[0])]
    assert statuses[:2] == ["rejected", "ok"]


def test_rejected_measurements_are_counted_apart_and_a_resumed_campaign_does_not_take_them_for_progress(bench) -> None:
    bench.run(_rejecting(bench, victims=2, times=1)[0], effort=SMALL)
    bench.run(effort=SMALL)
    with bench.ledger() as ledger:
        record = ledger.campaign("invented")
        status = status_of(ledger, record)
        planned = bench.begin(ledger)[0].config.effort.profiles_planned
    assert status.profiles == {"answered": planned + 2, "pending": 0, "failed": 0, "rejected": 2}
    assert "rejected" not in status.trainings
    opened = [event for event in bench.events if isinstance(event, CampaignOpened)]
    assert [(event.profiles_done, event.profiles_planned) for event in opened] == [(0, planned), (planned, planned)]
    assert sum(isinstance(event, ProfileDone) for event in bench.events) == planned + 2
