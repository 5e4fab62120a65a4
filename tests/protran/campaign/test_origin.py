from __future__ import annotations

import pytest

from device_agents.fleet.base import ProfileJob, TaskJob
from protran.campaign.charter import read_charter, write_charter
from protran.campaign.origin import config_from_origin, verified_by
from protran.campaign.problem import Device
from protran.errors import InputError

OTHER = "fedcba9876543210"


def again(ledger, **fields: object):
    """Returns the charter of a campaign that solves `invented` again."""
    config = config_from_origin(ledger, {"name": "again", "origin": "invented", **fields})
    charter = write_charter(config, [Device(name, OTHER) for name in config.devices])
    charter["origin"] = verified_by(ledger, charter, "invented")
    ledger.create_campaign("again", charter, 0)
    return charter


def test_another_device_profiles_what_was_verified_and_trains_nothing(bench) -> None:
    before = bench.run()
    asked: list[object] = []

    def note(job, answered: int) -> None:
        asked.append(job)

    with bench.ledger() as ledger:
        origin = again(ledger)["origin"]
    front = bench.run(bench.Dispatcher(note), name="again")
    assert not any(isinstance(job, TaskJob) for job in asked)
    profiles = [job for job in asked if isinstance(job, ProfileJob)]
    assert len(profiles) == 2 * len(origin)
    assert {job.request.device_identity for job in profiles} == {OTHER}
    assert [member.number("error") for member in front.candidates] == [
        member.number("error") for member in before.candidates
    ]


def test_what_cannot_run_on_the_other_device_is_left_out_and_said(bench) -> None:
    bench.run()
    with bench.ledger() as ledger:
        first = again(ledger)["origin"][0]

    def too_large(job, answered: int) -> str | None:
        fails = isinstance(job, ProfileJob) and job.request.candidate.to_json() == first
        return "out of memory" if fails else None

    front = bench.run(bench.Dispatcher(too_large), name="again")
    assert first not in [member.candidate.to_json() for member in front.candidates]
    assert any("could not be profiled, for example: out of memory" in note for note in front.notes)


def test_budgets_and_objectives_are_the_earlier_ones_unless_others_are_given(bench) -> None:
    bench.run(budgets=["latency<=1s"], objectives=["error", "latency"])
    with bench.ledger() as ledger:
        same = config_from_origin(ledger, {"name": "x", "origin": "invented"})
        other = config_from_origin(ledger, {"name": "x", "origin": "invented", "budgets": ["memory<=1MB"]})
    assert (same.budgets, same.objectives) == (["latency<=1s"], ["error", "latency"])
    assert (other.budgets, other.objectives) == (["memory<=1MB"], ["error", "latency"])


def test_what_is_the_earlier_campaigns_business_is_refused(bench) -> None:
    bench.run()
    with bench.ledger() as ledger:
        with pytest.raises(InputError, match=r"alone beside the earlier campaign, got seed; leave it out"):
            config_from_origin(ledger, {"name": "x", "origin": "invented", "seed": 3})
        with pytest.raises(InputError, match=r"^there is no campaign 'nothing' to solve again"):
            config_from_origin(ledger, {"name": "x", "origin": "nothing"})
        with pytest.raises(InputError, match=r"expected a new name"):
            config_from_origin(ledger, {"name": "invented", "origin": "invented"})


def test_scores_of_other_trainings_are_not_taken_over(bench) -> None:
    bench.run()
    with bench.ledger() as ledger:
        charter = write_charter(
            config_from_origin(ledger, {"name": "again", "origin": "invented"}), [Device("local", OTHER)]
        )
        charter["full"] = {**charter["full"], "epochs": charter["full"]["epochs"] + 1}
        with pytest.raises(InputError, match=r"^the scores of 'invented' are of another full than"):
            verified_by(ledger, charter, "invented")


def test_a_campaign_that_is_not_complete_cannot_be_solved_again(bench) -> None:
    with bench.ledger() as ledger:
        bench.begin(ledger)
        with pytest.raises(InputError, match=r"'invented' is in its phase .*; finish it first"):
            again(ledger)


def test_a_charter_without_an_origin_has_none(bench) -> None:
    with bench.ledger() as ledger:
        _, record = bench.begin(ledger)
        assert read_charter(record.config).origin == ()
