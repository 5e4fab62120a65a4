"""A device that goes away for good in mid-campaign, and comes back for the next one."""

from __future__ import annotations

from collections import Counter

import pytest
from invented_dispatcher import Rejection

from device_agents.fleet.base import JobResult, ProfileJob
from protran.campaign.events import FrontChanged
from protran.errors import CampaignError

SMALL = {
    "seed_candidates": 6,
    "learn_profiles": 0,
    "search_rounds": 2,
    "search_batch": 2,
    "verify_limit": 2,
    "verify_seeds": 1,
}


@pytest.fixture
def leaving(bench):
    """Returns a dispatcher whose device is away after so many answered profiles."""

    class Leaving(bench.Dispatcher):
        def __init__(self, after, spoil=None):
            super().__init__(spoil)
            self.left = after

        def next_result(self, timeout_s):
            job = self._queue[0] if self._queue else None
            if isinstance(job, ProfileJob):
                if self.left == 0:
                    reason = "lost: device local has been away for 181 s"
                    return JobResult(self._queue.pop(0).job_id, failure=reason, lost=True, gone=True)
                self.left -= 1
            return super().next_result(timeout_s)

    return Leaving


def _answers(bench) -> Counter[str]:
    with bench.ledger() as ledger:
        rows = ledger.rows(ledger.campaign("invented").id)
    return Counter(row.measurement.request_id if row.measurement else row.evaluation.training_key for row in rows)


def test_the_campaign_ends_with_the_front_of_what_was_measured_and_says_how_to_see_it(bench, leaving) -> None:
    with pytest.raises(CampaignError) as caught:
        bench.run(leaving(after=7), effort=SMALL)
    told = [event for event in bench.events if isinstance(event, FrontChanged)]
    assert not told[-1].verified
    models = len(told[-1].front.candidates)
    assert models > 1
    assert str(caught.value) == (
        "device local has been away for 181 s; 1 job of this step has no answer, all others are recorded; bring it "
        "back and repeat the command to go on; the front of what was measured holds "
        f"{models} models: protran pareto invented --runs {bench.folder}"
    )
    assert caught.value.exit_code == 1


def test_the_work_of_others_in_the_same_step_is_recorded_first(bench, leaving) -> None:
    with pytest.raises(CampaignError):
        bench.run(leaving(after=2), effort=SMALL)
    with bench.ledger() as ledger:
        progress = ledger.progress(ledger.campaign("invented").id)
    assert (progress.profiles_answered, progress.profiles_asked) == (2, 6)
    assert (progress.trainings_answered, progress.trainings_asked) == (6, 6)


def test_without_any_measurement_the_front_is_empty_and_that_is_said(bench, leaving) -> None:
    with pytest.raises(CampaignError, match="holds 0 models"):
        bench.run(leaving(after=0), effort=SMALL)
    assert [event.front.candidates for event in bench.events if isinstance(event, FrontChanged)] == [()]


@pytest.mark.parametrize("after", [0, 3, 6, 7, 9, 10, 11])
def test_when_the_device_is_back_the_campaign_goes_on_and_asks_nothing_twice(bench, leaving, tmp_path, after) -> None:
    whole = type(bench)(tmp_path / "whole")
    expected = whole.run(effort=SMALL)
    first = leaving(after)
    with pytest.raises(CampaignError):
        bench.run(first, effort=SMALL)
    second = bench.Dispatcher()
    front = bench.run(second, effort=SMALL)
    assert not set(first.answered) & set(second.answered)
    assert front.candidates == expected.candidates
    assert _answers(bench) == _answers(whole)


def test_attempts_at_rejected_measurements_wait_too_where_their_device_is_gone(bench, leaving) -> None:
    hot = Rejection("the device throttled")
    first = leaving(3, lambda job, answered: hot if answered == 0 else None)
    with pytest.raises(CampaignError, match="4 jobs of this step have no answer"):
        bench.run(first, effort=SMALL)
    assert bench.slept == []
    second = bench.Dispatcher()
    assert bench.run(second, effort=SMALL).candidates
    assert not set(first.answered) & set(second.answered)
    assert set(_answers(bench).values()) == {1}
